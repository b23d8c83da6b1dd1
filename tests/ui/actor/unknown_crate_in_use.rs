use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor(crate = nowhere)]
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
    println!("{}", counter.add(2).await?);
    Ok(())
}
