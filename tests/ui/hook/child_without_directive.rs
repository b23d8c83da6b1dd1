use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(child)]
    fn child(&mut self, exit: ChildExit) {
        drop(exit);
    }
}

fn main() {}
