//! Asks any actor from any terminal, in JSON: it needs no type of the actor.
//!
//! `cargo run --example ask -- unix:///run/app.sock greeter Greet '{"name":"Ada"}'`
#![allow(clippy::print_stdout, reason = "a program")]

use std::env;
use std::time::Duration;

use conclib::prelude::*;

#[conclib::main]
async fn main() -> conclib::Result {
    let args: Vec<String> = env::args().skip(1).collect();
    let [url, urn, message, json] = args.as_slice() else {
        return Err("usage: ask URL URN MESSAGE JSON".into());
    };
    let body = serde_json::from_str(json)?;
    let client = ProxyClient::connect(url).await?;
    let answer = client
        .ask_json(urn, message, &body, Duration::from_secs(10))
        .await?;
    println!("{answer:#}");
    Ok(())
}
