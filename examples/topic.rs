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
async fn main() -> conclib::Result {
    let system = System::new("market");
    let (one, two) = (system.spawn(Screen("one"))?, system.spawn(Screen("two"))?);
    let prices = Topic::new("prices");
    let _both = [&one, &two].map(|screen| prices.subscribe_waiting(screen));
    prices.publish_with(|| ScreenShow { cents: 7 }).await;
    system.shutdown().await;
    Ok(())
}
