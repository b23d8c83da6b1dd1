use conclib::prelude::*;

struct Words(Vec<String>);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn put(&mut self, words: Words) {
        drop(words);
    }
}

fn main() {}
