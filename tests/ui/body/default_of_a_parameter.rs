use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }

    #[message]
    fn get(&self) -> u64 {
        self.0
    }

    #[message]
    fn reset(&mut self, to: u64 = 0) {
        self.0 = to;
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(0))?;
    counter.add(2).await?;
    println!("{}", counter.get().await?);
    Ok(())
}
