use conclib::prelude::*;

#[actor]
struct Circle {
    #[cfg(debug_assertions)]
    #[field(get)]
    radius: f64,
}

#[actor]
impl Circle {}

fn main() {}
