//! Trace context of a message, over all processes.

use std::cell::Cell;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::splitmix::mix;

/// Position in a trace: the W3C `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Trace id; never zero.
    id: [u64; 2],
    /// Id of the parent span; never zero.
    parent: u64,
    flags: u8,
    /// True if the trace came from another process, which has logged its parent. A trace that began
    /// here is logged when it leaves.
    pub(super) is_known: bool,
}

/// Version that is written, and the only one that is accepted.
const VERSION: &str = "00";
/// Flags of a trace that begins here: sampled.
const SAMPLED: u8 = 1;

thread_local! {
    /// Trace of the turn that is polled on this thread.
    static CURRENT: Cell<Option<Trace>> = const { Cell::new(None) };
}

impl Trace {
    /// Begins a trace.
    pub(crate) fn begin() -> Self {
        let (seed, count) = unique();
        Self {
            id: [seed.0 ^ mix(count), mix(seed.1.wrapping_add(count)).max(1)],
            parent: mix(seed.0.wrapping_add(count)).max(1),
            flags: SAMPLED,
            is_known: false,
        }
    }

    /// Returns the same trace, with a new span id as the parent.
    pub(crate) fn step(self) -> Self {
        let (seed, count) = unique();
        Self {
            parent: mix(seed.0.wrapping_add(count)).max(1),
            ..self
        }
    }

    /// Returns the trace of the turn that is polled on this thread.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// Makes a trace the current one; returns the previous one.
    pub(crate) fn make_current(trace: Option<Self>) -> Option<Self> {
        CURRENT.replace(trace)
    }

    /// Parses a `traceparent` that came over a wire; `None` for all that does not match the W3C
    /// format exactly.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        const LEN: usize = 55;
        let is_clean = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        if text.len() != LEN || !text.bytes().all(is_clean) {
            return None;
        }
        let mut parts = text.split('-');
        let mut part = |len: usize| parts.next().filter(|part| part.len() == len);
        let version = part(2)?;
        let (id, parent, flags) = (part(32)?, part(16)?, part(2)?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        let number = |digits| u64::from_str_radix(digits, 16).ok();
        let (high, low) = id.split_at_checked(16)?;
        let trace = Self {
            id: [number(high)?, number(low)?],
            parent: number(parent)?,
            flags: u8::from_str_radix(flags, 16).ok()?,
            is_known: true,
        };
        (trace.id != [0, 0] && trace.parent != 0).then_some(trace)
    }

    /// Returns the trace id in hexadecimal.
    pub(crate) fn id(self) -> String {
        format!("{:016x}{:016x}", self.id[0], self.id[1])
    }

    /// Returns the id of the parent span in hexadecimal.
    pub(crate) fn parent(self) -> String {
        format!("{:016x}", self.parent)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, parent) = (self.id(), self.parent());
        write!(f, "{VERSION}-{id}-{parent}-{:02x}", self.flags)
    }
}

/// Returns a random seed of this process, and a number that is unique in the process.
fn unique() -> ((u64, u64), u64) {
    static SEED: OnceLock<(u64, u64)> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seed = *SEED.get_or_init(|| Uuid::new_v4().as_u64_pair());
    (seed, COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::Trace;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_written_can_be_read() {
        let trace = Trace::begin();
        let text = trace.to_string();
        assert_eq!(text.len(), 55);
        assert_eq!(Trace::parse(&text).unwrap().to_string(), text);
        assert_eq!(
            Trace::parse(GOOD).map(|it| it.to_string()).as_deref(),
            Some(GOOD)
        );
    }

    #[test]
    fn each_trace_and_each_step_is_another() {
        let all: std::collections::HashSet<_> =
            (0..1000).map(|_| Trace::begin().to_string()).collect();
        assert_eq!(all.len(), 1000);
        let trace = Trace::begin();
        let step = trace.step();
        assert_eq!(trace.id(), step.id());
        assert_ne!(trace.parent(), step.parent());
    }

    #[test]
    fn what_is_not_a_traceparent_is_nothing() {
        for bad in [
            String::new(),
            GOOD.to_uppercase(),
            GOOD.replace("00-4", "01-4"),
            GOOD.replace("00-4", "ff-4"),
            GOOD[..54].to_owned(),
            format!("{GOOD}0"),
            format!("{GOOD}-what-comes"),
            GOOD.replace('4', "+"),
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace('-', "0"),
            "-".repeat(55),
            // 55 bytes, but with a character of two bytes.
            format!("{}é", &GOOD[..53]),
        ] {
            assert_eq!(Trace::parse(&bad), None, "{bad}");
        }
    }
}
