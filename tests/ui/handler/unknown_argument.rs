use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message(periodic = "1s")]
    fn tick(&mut self) {
        self.0 += 1;
    }
}

fn main() {}
