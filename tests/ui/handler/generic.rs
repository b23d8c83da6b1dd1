use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add<T: Into<u64>>(&mut self, by: T) {
        self.0 += by.into();
    }
}

fn main() {}
