use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) {
        self.0 += by;
    }

    #[message(name = "add")]
    fn add_one(&mut self) {
        self.0 += 1;
    }
}

fn main() {}
