//! A method and a field would have messages of one name.
use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get)]
    radius: f64,
}

#[actor(protocols(CircleFields))]
impl Circle {
    #[message]
    fn radius(&self) -> f64 {
        self.radius
    }
}

fn main() {}
