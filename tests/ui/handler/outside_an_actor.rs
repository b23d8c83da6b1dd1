use conclib::handler;

struct Counter;

impl Counter {
    #[handler]
    fn get(&mut self) -> u64 {
        1
    }
}

#[handler]
fn free() {}

fn main() {}
