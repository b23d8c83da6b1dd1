//! The scenarios, one file for each kind.

mod ask;
mod fan_out;
mod hop;
mod life;
mod tell;

use std::time::Duration;

use crate::job::Job;
use crate::sample::Sample;
use crate::{Library, Mailbox};

/// Scenario to measure.
#[derive(Clone, Copy)]
pub(crate) enum Scenario {
    Tell { producers: u64, mailbox: Mailbox },
    Ask,
    AskTimeout(Duration),
    AskMany { askers: u64 },
    Ring { hoppers: usize },
    FanOut { members: u64 },
    SpawnStop,
    Memory,
}

impl Scenario {
    /// Returns the scenario of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mailbox = Mailbox::Bounded(1024);
        Some(match name {
            "tell-1-bounded" => Self::Tell {
                producers: 1,
                mailbox,
            },
            "tell-4-bounded" => Self::Tell {
                producers: 4,
                mailbox,
            },
            "tell-1-default" => Self::Tell {
                producers: 1,
                mailbox: Mailbox::Default,
            },
            "ask" => Self::Ask,
            "ask-timeout" => Self::AskTimeout(Duration::from_secs(5)),
            "ask-64" => Self::AskMany { askers: 64 },
            "ping-pong" => Self::Ring { hoppers: 2 },
            "ring-1000" => Self::Ring { hoppers: 1000 },
            "fan-out-1000" => Self::FanOut { members: 1000 },
            "spawn-stop" => Self::SpawnStop,
            "memory" => Self::Memory,
            _ => return None,
        })
    }
}

/// Measures; `None` if the library cannot do it.
pub(crate) async fn run<L: Library>(library: &L, job: Job) -> Option<Sample> {
    let effort = job.effort;
    match job.scenario {
        Scenario::Tell { producers, mailbox } => {
            let counter = library.counter(mailbox).await?;
            Some(tell::tell::<L>(counter, producers, effort).await)
        }
        Scenario::Ask => {
            let counter = library.counter(Mailbox::Default).await?;
            Some(ask::one_by_one::<L>(counter, effort).await)
        }
        Scenario::AskTimeout(limit) => {
            let counter = library.counter(Mailbox::Default).await?;
            Some(ask::within::<L>(counter, limit, effort).await)
        }
        Scenario::AskMany { askers } => {
            let counter = library.counter(Mailbox::Default).await?;
            Some(ask::in_flight::<L>(counter, askers, effort).await)
        }
        Scenario::Ring { hoppers } => Some(hop::ring(library, hoppers, effort).await),
        Scenario::FanOut { members } => Some(fan_out::fan_out(library, members, effort).await),
        Scenario::SpawnStop => Some(life::spawn_stop(library, effort).await),
        Scenario::Memory => Some(life::memory(library, effort).await),
    }
}
