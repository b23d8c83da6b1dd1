use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get)]
    #[field(set)]
    radius: f64,
}

#[actor(protocols(CircleFields))]
impl Circle {}

fn main() {}
