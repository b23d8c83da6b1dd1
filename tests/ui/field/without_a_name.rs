use conclib::prelude::*;

#[actor]
struct Circle(#[field(get)] f64);

#[actor]
impl Circle {}

fn main() {}
