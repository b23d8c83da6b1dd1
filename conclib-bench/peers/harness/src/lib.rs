//! Common parts of the peers of the bench: the scenarios, the runtimes, the
//! clock and the statistics. A peer implements [`Library`] and calls [`main`].
//!
//! The program of a peer measures one scenario in one process: `bench-task
//! SCENARIO RUNTIME [EFFORT]`, and prints one line of JSON, an object of
//! numbers. An empty object says that the library has no such scenario.

mod allocations;
#[cfg(feature = "count")]
mod allocator;
pub mod features;
mod gate;
mod job;
mod library;
mod member;
mod meter;
mod resident;
mod route;
mod sample;
mod scenario;
mod watch;

use std::process::ExitCode;

pub use allocations::{Count, count as allocations};
pub use gate::Gate;
pub use job::Runtime;
pub use library::{Library, Mailbox};
pub use member::{Group, Membership};
pub use resident::bytes as resident_bytes;
pub use route::Route;
pub use sample::Sample;

pub use watch::{Rounds, Watch};

use job::Job;

/// Runs the whole program of a peer.
pub fn main<L: Library>() -> ExitCode {
    let job = match Job::parse(std::env::args().skip(1)) {
        Ok(job) => job,
        Err(problem) => {
            eprintln!("{problem}\nusage: SCENARIO RUNTIME [OPERATIONS | MILLISECONDSms]");
            return ExitCode::from(2);
        }
    };
    let sample = L::block_on(job.runtime, async move {
        let library = L::start(job.runtime);
        scenario::run(&library, job).await
    });
    println!("{}", sample.unwrap_or_default());
    ExitCode::SUCCESS
}
