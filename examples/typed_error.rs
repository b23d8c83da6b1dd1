//! A domain error reaches the asker with its type.
#![allow(clippy::print_stdout, clippy::unit_arg, reason = "a short program")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

use conclib::prelude::*;

#[message]
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
async fn main() -> conclib::Result {
    let answer = System::new("math").spawn(Calculator)?.div(1, 0).await;
    let by_zero = matches!(answer, Err(AskError::Handler(DivByZero)));
    Ok(println!("divided by zero: {by_zero}"))
}
