use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(gone)]
    fn gone(&mut self, urn: Urn, reason: StopReason) {
        drop((urn, reason));
    }
}

fn main() {}
