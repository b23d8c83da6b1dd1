use conclib::prelude::*;

use std::rc::Rc;

#[actor]
struct Counter(Rc<u64>);

#[actor]
impl Counter {
    #[message]
    async fn get(&mut self) -> u64 {
        *self.0
    }
}

fn main() {
    let system = System::new("ui");
    let _ = system.spawn(Counter(Rc::new(1)));
}
