use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get)]
    radius: f64,
}

fn main() {}
