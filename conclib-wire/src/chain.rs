//! Who waits for the answer to a request, as it travels with the request.
//!
//! A chain is a tree. Its first step is the actor that asks; each later one
//! waits for an earlier one. An actor that waits over a wire is known by a
//! mark, which only its own system can read: whoever is given a chain passes it
//! on, and cannot tell what the marks in it stand for, nor make one up.
//!
//! A step is its mark (8 bytes, 0 for an actor that waits for a neighbour), the
//! index of the step it waits for (1), and the length and bytes of its URN and
//! of the path of its type (1 + n each).

use std::num::NonZeroU64;

use crate::cycle::CycleStep;
use crate::urn::{Urn, UrnError};

/// The most bytes that a chain has.
pub const MAX_CHAIN: usize = 4096;

/// The most actors that a chain names. Circles that are longer are not found.
pub const MAX_CHAIN_STEPS: usize = 64;

/// What a system knows one of its waits by, in a chain that comes back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(pub NonZeroU64);

/// One who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// There if it waits over a wire.
    pub mark: Option<Mark>,
    /// Which of the steps before it waits for; of the first, itself.
    pub via: usize,
    /// Actor that waits.
    pub who: CycleStep,
}

/// Why bytes are no chain.
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

/// Writes as many steps as a chain may have. No step is there without the one
/// it waits for, as that comes first.
pub fn encode(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    for step in steps.iter().take(MAX_CHAIN_STEPS) {
        let before = out.len();
        let mark = step.mark.map_or(0, |mark| mark.0.get());
        out.extend_from_slice(&mark.to_be_bytes());
        // There are fewer steps than fit a byte, and a name fits one.
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

/// The path of a type without its parameters, if a chain can say it.
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
        let mark = NonZeroU64::new(u64::from_be_bytes(array(&mut bytes)?)).map(Mark);
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

/// The same, once read and written again: for those who throw bytes at it.
pub fn rewrite_chain(bytes: &[u8]) -> Option<Vec<u8>> {
    decode(bytes).ok().map(|steps| encode(&steps))
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ChainError> {
    let (array, rest) = bytes.split_first_chunk().ok_or(ChainError::Truncated)?;
    *bytes = rest;
    Ok(*array)
}

/// `None` if it is no text.
fn name<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a str>, ChainError> {
    let [len] = array(bytes)?;
    let (name, rest) = bytes
        .split_at_checked(len.into())
        .ok_or(ChainError::Truncated)?;
    *bytes = rest;
    Ok(std::str::from_utf8(name).ok())
}
