use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Default for Counter {
    fn default() -> Self {
        Self(0)
    }
}

fn main() {}
