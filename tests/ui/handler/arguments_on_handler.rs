use conclib::prelude::*;

#[message]
struct Reset;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler(local)]
    fn reset(&mut self, _: Reset) {
        self.0 = 0;
    }
}

fn main() {}
