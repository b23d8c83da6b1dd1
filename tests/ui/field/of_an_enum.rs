use conclib::prelude::*;

#[actor]
enum Shape {
    Circle {
        #[field(get)]
        radius: f64,
    },
    Point,
}

#[actor]
impl Shape {}

fn main() {}
