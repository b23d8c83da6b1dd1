//! Actors to which messages come by the clock: one that stops after three, and
//! one with two clocks, whose ticks never overlap.
//!
//! With `-- --paused` the clock does not wait for real time.
#![allow(clippy::print_stdout, reason = "a program")]

use std::env;

use conclib::prelude::*;

#[actor]
struct Clock {
    left: u32,
}

#[actor]
impl Clock {
    #[message(every = "500ms")]
    fn tick(&mut self, ctx: &mut Context<Self>) {
        println!("Tick");
        self.left -= 1;
        if self.left == 0 {
            ctx.stop_now();
        }
    }
}

#[actor]
#[derive(Default)]
struct Account {
    /// `None` before the first tick, which comes at once.
    sum: Option<u32>,
    checks: Option<u32>,
}

#[actor]
impl Account {
    #[message(every = "200ms")]
    fn accumulate(&mut self) {
        if let Some(sum) = &mut self.sum {
            println!("Accumulating");
            *sum += 1;
        } else {
            self.sum = Some(0);
        }
    }

    #[message(every = "1020ms")]
    fn check(&mut self, ctx: &mut Context<Self>) {
        let Some(checks) = &mut self.checks else {
            self.checks = Some(0);
            return;
        };
        println!("Checking");
        assert_eq!(self.sum.replace(0), Some(5));
        println!("Check passed");
        *checks += 1;
        if *checks == 4 {
            ctx.stop_now();
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> conclib::Result {
    if env::args().any(|arg| arg == "--paused") {
        tokio::time::pause();
    }
    let system = System::new("clocks");
    system.spawn(Clock { left: 3 })?.stopped().await;
    system.spawn(Account::default())?.stopped().await;
    Ok(())
}
