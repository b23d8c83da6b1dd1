//! Chain of callers that wait for the answer to a request; travels with the request.
//!
//! A chain is a tree. Its first step is the actor that asks; each later one waits for an earlier
//! one. An actor that waits over a wire is identified by a mark, a random token that only its own
//! process can read: a peer that receives a chain passes it on, and can neither interpret the marks
//! in it nor forge one.
//!
//! A step is its mark (8 bytes, 0 for an actor that waits inside its process), the index of the
//! step it waits for (1), and the length and bytes of its URN and of the path of its type (1 + n
//! each).

use std::num::NonZeroU64;

use crate::cycle::CycleStep;
use crate::urn::{Urn, UrnError};

/// Maximum length of a chain, in bytes.
pub const MAX_CHAIN: usize = 4096;

/// Maximum number of actors that a chain names. Longer cycles are not found.
pub const MAX_CHAIN_STEPS: usize = 64;

/// Token by which a process recognises one of its own waits in a chain that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeToken(pub NonZeroU64);

/// Waiting actor in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Token of its wait, if that is for an actor in another process.
    pub mark: Option<EdgeToken>,
    /// Index of the step that this one waits for; of the first step, its own.
    pub via: usize,
    /// Actor that waits.
    pub who: CycleStep,
}

/// Reason for which bytes are not a chain.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The bytes end in the middle of a step.
    #[error("the chain of those who wait is cut short")]
    Truncated,
    /// More than [`MAX_CHAIN_STEPS`].
    #[error("the chain of those who wait has over {MAX_CHAIN_STEPS} steps")]
    TooLong,
    /// The first step has no mark.
    #[error("the chain of those who wait begins with nobody's mark")]
    NoMark,
    /// A step waits for none before it.
    #[error("in the chain of those who wait, one waits for none before it")]
    Order,
    /// A type has no printable name.
    #[error("in the chain of those who wait, a type has no printable name")]
    TypeName,
    /// A name is no URN.
    #[error("in the chain of those who wait: {0}")]
    Urn(#[from] UrnError),
}

/// Encodes as many steps as a chain may have. A step comes after the one it waits for, so a chain
/// that is cut is still valid.
pub fn encode(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    for step in steps.iter().take(MAX_CHAIN_STEPS) {
        let before = out.len();
        let mark = step.mark.map_or(0, |mark| mark.0.get());
        out.extend_from_slice(&mark.to_be_bytes());
        // The index and the lengths fit a byte: a chain has at most 64 steps, a name at most 255
        // bytes.
        out.push(u8::try_from(step.via).unwrap_or(0));
        for name in [step.who.urn.as_str(), short(&step.who.type_name)] {
            out.push(u8::try_from(name.len()).unwrap_or(0));
            out.extend_from_slice(name.as_bytes());
        }
        if out.len() > MAX_CHAIN {
            out.truncate(before);
            break;
        }
    }
    out
}

/// Returns the path of a type without its parameters; empty if it is too long for a chain.
fn short(path: &str) -> &str {
    let path = path.split('<').next().unwrap_or(path);
    if path.len() > usize::from(u8::MAX) {
        return "";
    }
    path
}

/// Reads the steps of a chain.
///
/// # Errors
/// [`ChainError`] for bytes that are no chain.
pub fn decode(mut bytes: &[u8]) -> Result<Vec<Step>, ChainError> {
    let mut steps = Vec::new();
    while !bytes.is_empty() {
        let at = steps.len();
        if at == MAX_CHAIN_STEPS {
            return Err(ChainError::TooLong);
        }
        let mark = NonZeroU64::new(u64::from_be_bytes(array(&mut bytes)?)).map(EdgeToken);
        let [via] = array(&mut bytes)?;
        let via = usize::from(via);
        match at {
            0 if mark.is_none() => return Err(ChainError::NoMark),
            0 if via != 0 => return Err(ChainError::Order),
            _ if at > 0 && via >= at => return Err(ChainError::Order),
            _ => {}
        }
        let urn = Urn::from_wire(name(&mut bytes)?.unwrap_or_default())?;
        let type_name = name(&mut bytes)?.filter(|name| !name.contains(char::is_control));
        let type_name = type_name.ok_or(ChainError::TypeName)?.into();
        let who = CycleStep { type_name, urn };
        steps.push(Step { mark, via, who });
    }
    match steps.is_empty() {
        true => Err(ChainError::Truncated),
        false => Ok(steps),
    }
}

/// Decodes and encodes a chain, for fuzz tests.
pub fn rewrite_chain(bytes: &[u8]) -> Option<Vec<u8>> {
    decode(bytes).ok().map(|steps| encode(&steps))
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ChainError> {
    let (array, rest) = bytes.split_first_chunk().ok_or(ChainError::Truncated)?;
    *bytes = rest;
    Ok(*array)
}

/// Reads a name; `None` if it is not UTF-8.
fn name<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a str>, ChainError> {
    let [len] = array(bytes)?;
    let (name, rest) = bytes
        .split_at_checked(len.into())
        .ok_or(ChainError::Truncated)?;
    *bytes = rest;
    Ok(std::str::from_utf8(name).ok())
}
