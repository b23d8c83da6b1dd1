use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message(every = "1s")]
    fn tick(&mut self, by: u64) {
        self.0 += by;
    }
}

fn main() {}
