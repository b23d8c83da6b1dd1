use conclib::prelude::*;

#[actor]
struct Circle {
    #[field]
    radius: f64,
    #[field(get)]
    name: String,
}

#[actor(protocols(CircleFields))]
impl Circle {}

fn main() {}
