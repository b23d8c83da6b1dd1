//! `wire` is a promise that is checked where it is made.
use conclib::prelude::*;
use std::time::Instant;

#[message(wire)]
struct Begin {
    at: Instant,
}

#[actor]
struct Clock;

#[actor]
impl Clock {
    #[message(wire)]
    fn set(&mut self, to: Instant) {
        let _ = to;
    }

    #[message(wire)]
    fn now(&mut self) -> Instant {
        Instant::now()
    }
}

fn main() {}
