use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get, put)]
    radius: f64,
    #[field(get = "r")]
    name: String,
}

#[actor(protocols(CircleFields))]
impl Circle {}

fn main() {}
