//! All who have a protocol agree in what is in it.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[cfg(unix)]
    #[message]
    fn feed(&mut self, grams: u32);
}

fn main() {}
