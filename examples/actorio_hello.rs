//! An actor that answers, and a program that asks it.
#![allow(clippy::print_stdout, clippy::unit_arg, reason = "a short program")]

use conclib::prelude::*;

#[actor]
struct Greeter;

#[actor]
impl Greeter {
    #[message]
    fn greet(&self) -> String {
        "Hello World!".to_owned()
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("hello");
    let greeter = system.spawn(Greeter)?;
    Ok(println!("{}", greeter.greet().await?))
}
