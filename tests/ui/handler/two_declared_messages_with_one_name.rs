use conclib::prelude::*;

mod one {
    #[conclib::message]
    pub struct Ping;
}

mod other {
    #[conclib::message]
    pub struct Ping;
}

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn one(&mut self, _: one::Ping) {}

    #[handler]
    fn other(&mut self, _: other::Ping) {}
}

fn main() {}
