use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(error)]
    fn failed(&mut self, error: HandlerError) {
        drop(error);
    }
}

fn main() {}
