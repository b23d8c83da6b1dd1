use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(idle)]
    fn idle(&mut self) {}
}

fn main() {}
