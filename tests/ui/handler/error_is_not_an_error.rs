use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn half(&self) -> Result<u64, String> {
        Err("odd".into())
    }
}

fn main() {}
