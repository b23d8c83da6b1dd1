use conclib::prelude::*;
use numbers::{CounterAdd, Number};

mod numbers {
    pub struct CounterAdd;
    pub struct Number(pub u64);
}

#[actor]
struct Counter(Number);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0.0 += by;
        self.0.0
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(Number(0)))?;
    counter.add(2).await?;
    drop(CounterAdd);
    Ok(())
}
