use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(start)]
    fn start(&mut self) -> Result<(), u64> {
        Err(1)
    }
}

fn main() {}
