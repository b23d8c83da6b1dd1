//! The shortest actor that has a state.
//!
//! `cargo run --example counter`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor]
struct Counter(i64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let counter = system.spawn(Counter(2))?;
    println!("{}", counter.add(5).await?);
    Ok(())
}
