//! A protocol is a trait.
use conclib::prelude::*;

#[protocol]
struct Feline;

fn main() {}
