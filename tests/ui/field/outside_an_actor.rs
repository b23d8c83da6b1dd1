use conclib::prelude::*;

#[message]
struct Circle {
    #[field(get)]
    radius: f64,
}

fn main() {}
