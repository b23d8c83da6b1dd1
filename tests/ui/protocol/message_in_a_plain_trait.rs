//! `#[message]` in a trait without `#[protocol]`.
use conclib::prelude::*;

trait Feline {
    #[message]
    fn feed(&mut self, grams: u32);
}

fn main() {}
