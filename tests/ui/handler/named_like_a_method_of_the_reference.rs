use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn stop(&mut self) {}

    #[message]
    fn urn(&self) -> String {
        String::new()
    }

    #[message]
    fn ask(&mut self, question: String) -> String {
        question
    }
}

fn main() {}
