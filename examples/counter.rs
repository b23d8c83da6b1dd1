//! The shortest actor that has a state.
#![allow(clippy::print_stdout, clippy::unit_arg, reason = "a short program")]

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
async fn main() -> conclib::Result {
    let system = System::new("counting");
    Ok(println!("{}", system.spawn(Counter(2))?.add(5).await?))
}
