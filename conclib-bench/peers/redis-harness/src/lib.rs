//! Requests from one process to another through a Redis server, which the bench
//! has started. The client starts the same program as the server process, which
//! ends when the client does.

mod place;
mod process;
mod scenario;
mod usage;

use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

pub use crate::place::Address;
use crate::place::Place;
use crate::process::{ServerProcess, pin};
use crate::scenario::Scenario;

/// Number that a request carries, for which bincode needs nine bytes.
pub const BY: u64 = 1 << 40;

/// Implementation of the requests. A clone shares the connection.
pub trait Client: Clone + Send + Sync + 'static {
    /// Serves for ever; calls `ready` when clients can connect.
    fn serve(address: Address, ready: impl FnOnce() + Send) -> impl Future<Output = ()> + Send;

    /// Connects to the server.
    fn connect(address: &Address) -> impl Future<Output = Self> + Send;

    /// Asks to add [`BY`], and checks the answer.
    fn ask(&self) -> impl Future<Output = ()> + Send;

    /// Tells to add [`BY`], and waits until that is queued or on its way.
    fn tell(&self) -> impl Future<Output = ()> + Send;

    /// Waits until everything that was told is handled.
    fn settle(&self) -> impl Future<Output = ()> + Send;

    /// Sends a text, and checks the answer, which is its length.
    fn carry(&self, text: &str) -> impl Future<Output = ()> + Send;

    /// Asks as [`ask`](Self::ask) does, by a request that is stored in the server
    /// until it is handled. False if this program has no such requests.
    fn ask_durably(&self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Makes so many requests with a fixed number under way.
    fn ask_many(&self, rounds: u64, in_flight: u64) -> impl Future<Output = ()> + Send {
        async move {
            let mut askers = tokio::task::JoinSet::new();
            for _ in 0..in_flight {
                let client = self.clone();
                askers.spawn(async move {
                    for _ in 0..rounds / in_flight {
                        client.ask().await;
                    }
                });
            }
            askers.join_all().await;
        }
    }
}

/// Runs the program: `SCENARIO RUNTIME [TIMEms]`, as the other benches.
pub fn main<C: Client>() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, where_, effort @ ..] = args.as_slice() else {
        eprintln!("usage: SCENARIO RUNTIME [TIMEms]");
        return ExitCode::FAILURE;
    };
    let effort = effort.first().map_or("400ms", String::as_str);
    let millis = effort.strip_suffix("ms").and_then(|text| text.parse().ok());
    let Some(scenario) = Scenario::find(scenario) else {
        // The bench takes no figures as "not done by this program".
        println!("{{}}");
        return ExitCode::SUCCESS;
    };
    let place = Place::from_env();
    pin(std::process::id(), scenario.cores);
    if process::is_server() {
        let address = place.address(scenario.transport);
        runtime(where_).block_on(C::serve(address, process::tell_ready));
        return ExitCode::SUCCESS;
    }
    pin(place.redis(), scenario.cores);
    let server = ServerProcess::start(&args);
    let limit = Duration::from_millis(millis.unwrap_or(400));
    let sample = runtime(where_).block_on(scenario.run::<C>(&place, &server, limit));
    println!("{sample}");
    ExitCode::SUCCESS
}

fn runtime(name: &str) -> Runtime {
    let mut builder = match name {
        "multi" => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.worker_threads(2).enable_all().build().expect("a runtime can be built")
}
