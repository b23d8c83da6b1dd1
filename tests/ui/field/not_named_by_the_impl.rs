//! The impl has to name the protocol of the fields.
use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get, set)]
    radius: f64,
    #[field(get)]
    name: String,
}

#[actor]
impl Circle {
    #[message]
    fn area(&self) -> f64 {
        3.0 * self.radius.powi(2)
    }
}

fn main() {}
