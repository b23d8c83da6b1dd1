//! Code that runs every 1.5 seconds, outside of any actor.
//!
//! With `-- --paused` the clock does not wait for real time.
#![allow(clippy::print_stdout, reason = "a program")]

use std::env;
use std::time::Duration;

use conclib::prelude::*;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

fn now() -> String {
    let mut now = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut now));
    now
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> conclib::Result {
    if env::args().any(|arg| arg == "--paused") {
        tokio::time::pause();
    }
    let ticker = Ticker::every(Duration::from_millis(1500)).run(|| async {
        println!("{}", now());
    })?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    ticker.stop().await;
    println!("stopped");
    Ok(())
}
