use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(begin)]
    fn begin(&mut self) {}

    #[on]
    fn end(&mut self) {}
}

fn main() {}
