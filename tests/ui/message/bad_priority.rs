use conclib::prelude::*;

#[message(priority = "x")]
struct Text;

#[message(priority = 300)]
struct TooLarge;

#[message(priority = -1)]
struct TooSmall;

#[message(priority)]
struct Nothing;

#[actor(priority = 1)]
struct Counter;

#[actor]
impl Counter {
    #[message(priority = "x")]
    fn add(&mut self) {}
}

fn main() {}
