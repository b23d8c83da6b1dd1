use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(gone)]
    fn gone(&mut self, gone: ChildExit) {
        drop(gone);
    }
}

fn main() {}
