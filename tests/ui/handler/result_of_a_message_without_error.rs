use conclib::prelude::*;

#[message(reply = u64)]
struct Get;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn get(&mut self, _: Get) -> Result<u64, std::fmt::Error> {
        Ok(1)
    }
}

fn main() {}
