use conclib::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
struct Words(Vec<String>);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn all(&self) -> Words {
        Words(vec![])
    }
}

fn main() {}
