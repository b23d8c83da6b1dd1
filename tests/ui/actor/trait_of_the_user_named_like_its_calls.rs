use conclib::prelude::*;

trait CounterCalls {
    fn count(&self) -> u64;
}

impl CounterCalls for u64 {
    fn count(&self) -> u64 {
        *self
    }
}

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(0))?;
    println!("{}", counter.add(2_u64.count()).await?);
    Ok(())
}
