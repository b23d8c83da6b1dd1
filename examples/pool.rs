//! A pool of four actors with one mailbox.
//!
//! `cargo run --example pool`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor]
struct Squarer;

#[actor]
impl Squarer {
    #[message]
    fn square(&mut self, n: u64) -> u64 {
        n * n
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let pool = system.pool(|| Squarer).size(4).spawn()?;
    println!("{}", pool.square(7).await?);
    Ok(())
}
