//! A domain error reaches the asker with its type.
//!
//! `cargo run --example typed_error`
#![allow(clippy::print_stdout, reason = "a program")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

use conclib::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("one cannot divide by zero")]
pub struct DivByZero;

#[actor]
struct Calculator;

#[actor]
impl Calculator {
    #[message]
    fn div(&mut self, a: i64, b: i64) -> Result<i64, DivByZero> {
        a.checked_div(b).ok_or(DivByZero)
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let calculator = system.spawn(Calculator)?;
    let answer = calculator.div(1, 0).await;
    let by_zero = matches!(answer, Err(AskError::Handler(DivByZero)));
    println!("divided by zero: {by_zero}");
    Ok(())
}
