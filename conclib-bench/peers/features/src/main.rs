//! Cost of conclib's features: each compared with the same operation without
//! it, and with a hand-written task where that takes a few lines.
//!
//! `bench-features SCENARIO RUNTIME [MILLISECONDSms]` measures one scenario and
//! prints one line of JSON. Its numbers have names such as `ns`; those without
//! the feature end in `.plain`, and those of the task in `.task`.

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
