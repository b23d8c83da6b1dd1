//! A pool of four workers, which share what is asked.
//!
//! `cargo run --example pool`
#![allow(clippy::print_stdout, clippy::unit_arg, reason = "a short program")]

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
async fn main() -> conclib::Result {
    let system = System::new("math");
    let pool = system.pool(|| Squarer).size(4).spawn()?;
    Ok(println!("{}", pool.ask(SquarerSquare { n: 7 }).await?))
}
