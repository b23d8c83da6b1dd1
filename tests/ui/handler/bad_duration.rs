use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message(every = "often")]
    fn one(&mut self) {}

    #[message(every = "0s")]
    fn two(&mut self) {}

    #[message(every = 500)]
    fn three(&mut self) {}
}

fn main() {}
