use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(stop)]
    fn stopped(&mut self, reason: StopReason) {
        drop(reason);
    }
}

fn main() {}
