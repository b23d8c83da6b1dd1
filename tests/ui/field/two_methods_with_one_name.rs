//! The setter of one field would have the name of another.
use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get, set)]
    radius: f64,
    #[field(get)]
    set_radius: bool,
}

#[actor(protocols(CircleFields))]
impl Circle {}

fn main() {}
