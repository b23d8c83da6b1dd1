//! What the features of conclib cost: each beside the same without it, and
//! beside the task that one would write by hand where that is a few lines.
//!
//! `bench-features SCENARIO RUNTIME [MILLISECONDSms]` measures one scenario and
//! prints one line of JSON. Its numbers are called `ns` and the like; what
//! stands beside them `ns.plain`, and what the task takes `ns.task`.

mod chain;
mod children;
#[path = "../../conclib/src/counter.rs"]
mod counter;
mod idle;
#[path = "../../conclib/src/member.rs"]
mod member;
mod pool;
mod priority;
mod restart;
mod task;
mod tick;
mod topic;
mod turn;

use std::process::ExitCode;

use harness::{Rounds, Sample};

async fn run(scenario: String, rounds: Rounds) -> Option<Sample> {
    Some(match scenario.as_str() {
        "pool-ask" => pool::ask(rounds).await,
        "topic-1000" => topic::publish(rounds).await,
        "priority" => priority::tell(rounds).await,
        "restart" => restart::restart(rounds).await,
        "tick" => tick::lateness().await,
        "children-10000" => children::spawn_stop(rounds).await,
        "ask-in-turn" => turn::ask(rounds).await,
        "self-sends" => chain::million().await,
        "idle-million" => idle::million().await,
        _ => return None,
    })
}

fn main() -> ExitCode {
    harness::features::main(run)
}
