#[conclib::actor(crate = nowhere)]
struct Counter(u64);

#[conclib::actor(crate = nowhere)]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

fn main() {}
