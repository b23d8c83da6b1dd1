use conclib::prelude::*;

#[message]
struct Reset;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn reset(&mut self, _: Reset) {
        self.0 = 0;
    }

    #[message(name = "Reset")]
    fn reset_to(&mut self, to: u64) {
        self.0 = to;
    }
}

fn main() {}
