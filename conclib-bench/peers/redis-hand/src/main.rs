//! Requests through a small RPC layer over Redis as written by hand: requests
//! with ids and a reply channel, a map of pending answers, a timeout, bincode, a
//! task for each request, and an actor behind `mpsc`.

mod client;
mod server;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    redis_harness::main::<client::Asker>()
}
