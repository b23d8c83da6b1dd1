use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(start)]
    fn start(&mut self, with: u64) {
        self.0 = with;
    }
}

fn main() {}
