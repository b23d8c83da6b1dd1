//! Parameters of one measurement.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::meter::Effort;
use crate::scenario::Scenario;

/// Runtime of the actors.
#[derive(Clone, Copy)]
pub enum Runtime {
    /// Single thread for everything.
    Current,
    /// Two worker threads.
    Multi,
}

impl Runtime {
    /// Returns the runtime of this name.
    ///
    /// # Errors
    /// Text for the user if there is none.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name {
            "current" => Ok(Self::Current),
            "multi" => Ok(Self::Multi),
            _ => Err(format!("no runtime `{name}`: current or multi")),
        }
    }

    /// Runs a whole program, as a task of this runtime.
    pub fn block_on<F>(self, program: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut builder = match self {
            Self::Current => Builder::new_current_thread(),
            Self::Multi => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime can be built");
        runtime
            .block_on(async { tokio::spawn(program).await })
            .expect("the scenario holds")
    }
}

/// Single measurement: scenario, runtime, and effort.
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
            runtime: Runtime::parse(&runtime)?,
            effort: match args.next() {
                None => Effort::Time(Duration::from_millis(400)),
                Some(effort) => parse_effort(&effort).ok_or(format!("no effort `{effort}`"))?,
            },
        })
    }
}

/// Parses `20000` as a number of operations, and `400ms` as a time.
fn parse_effort(effort: &str) -> Option<Effort> {
    match effort.strip_suffix("ms") {
        Some(millis) => Some(Effort::Time(Duration::from_millis(millis.parse().ok()?))),
        None => Some(Effort::Operations(effort.parse().ok()?)),
    }
}
