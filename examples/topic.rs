//! A topic with two subscribers, each of which hears what is published.
//!
//! `cargo run --example topic`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor]
struct Screen(&'static str);

#[actor]
impl Screen {
    #[message]
    fn show(&mut self, cents: u64) {
        println!("{} shows {cents}", self.0);
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let prices = system.topic("prices")?;
    for name in ["one", "two"] {
        let screen = system.actor(Screen(name)).urn(name).spawn()?;
        prices.subscribe_waiting(&screen).detach();
    }
    prices.publish_with(|| ScreenShow { cents: 7 }).await;
    Ok(())
}
