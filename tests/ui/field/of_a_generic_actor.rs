use conclib::prelude::*;

#[actor]
struct Cache<T> {
    #[field(get)]
    size: usize,
    values: Vec<T>,
}

#[actor]
impl<T> Cache<T> {}

fn main() {}
