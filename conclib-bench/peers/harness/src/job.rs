//! What a process is asked to measure.

use std::time::Duration;

use crate::meter::Effort;
use crate::scenario::Scenario;

/// Where the actors run.
#[derive(Clone, Copy)]
pub enum Runtime {
    /// One thread for everything.
    Current,
    /// Two worker threads.
    Multi,
}

/// One measurement: what, where, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) scenario: Scenario,
    pub(crate) runtime: Runtime,
    pub(crate) effort: Effort,
}

impl Job {
    /// Reads `SCENARIO RUNTIME [OPERATIONS | MILLISECONDSms]`.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let scenario = args.next().ok_or("which scenario?")?;
        let runtime = args.next().ok_or("which runtime?")?;
        Ok(Self {
            scenario: Scenario::parse(&scenario).ok_or(format!("no scenario `{scenario}`"))?,
            runtime: match runtime.as_str() {
                "current" => Runtime::Current,
                "multi" => Runtime::Multi,
                _ => return Err(format!("no runtime `{runtime}`: current or multi")),
            },
            effort: match args.next() {
                None => Effort::Time(Duration::from_millis(400)),
                Some(effort) => parse_effort(&effort).ok_or(format!("no effort `{effort}`"))?,
            },
        })
    }
}

/// `20000` are operations, `400ms` is time.
fn parse_effort(effort: &str) -> Option<Effort> {
    match effort.strip_suffix("ms") {
        Some(millis) => Some(Effort::Time(Duration::from_millis(millis.parse().ok()?))),
        None => Some(Effort::Operations(effort.parse().ok()?)),
    }
}
