//! Bench program: times conclib, a hand-written task and the other actor
//! libraries, in one interleaved run on one machine.
//!
//! ```text
//! cargo run --release -p conclib-bench -- local
//! cargo run --release -p conclib-bench -- cost
//! cargo run --release -p conclib-bench -- unix
//! cargo run --release -p conclib-bench -- process
//! cargo run --release -p conclib-bench -- redis
//! cargo run --release -p conclib-bench -- features
//! ```
//!
//! Each library is a program of its own under `peers/`, which is a separate
//! workspace. This program builds them one at a time, runs one process for each
//! figure, and prints the medians.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks through its output streams"
)]

mod args;
mod beside;
mod catalog;
mod cost;
mod error;
mod features;
mod figures;
mod local;
mod number;
mod peers;
mod python;
mod redis;
mod report;
mod run;
mod table;

use std::process::ExitCode;

use args::Command;
use peers::Build;

fn main() -> ExitCode {
    let done = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Local(options)) => local::run("local", &options, Build::Plain, None),
        Ok(Command::Unix(options)) => local::run("unix", &options, Build::Unix, None),
        Ok(Command::Process(options)) => local::run("process", &options, Build::Process, None),
        Ok(Command::Redis(options)) => redis::run(&options),
        Ok(Command::Cost(options)) => cost::run(&options),
        Ok(Command::Features(options)) => features::run(&options),
        Ok(Command::Help) => {
            println!("{}", args::USAGE);
            Ok(())
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("conclib-bench: {problem}");
            ExitCode::FAILURE
        }
    }
}
