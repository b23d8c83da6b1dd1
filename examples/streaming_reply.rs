//! A handler with many replies, which its asker reads as they come.
//!
//! `cargo run --example streaming_reply`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use futures_util::stream;

#[actor]
struct Fibonacci;

#[actor]
impl Fibonacci {
    #[message]
    fn numbers(&mut self) -> impl Stream<Item = u64> {
        stream::unfold((0, 1), |(a, b)| async move { Some((a, (b, a + b))) })
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("maths");
    let mut numbers = system.spawn(Fibonacci)?.numbers().await?;
    while let Some(number) = numbers.next().await.transpose()?
        && number < 100
    {
        println!("{number}");
    }
    system.shutdown().await;
    Ok(())
}
