use conclib::prelude::*;

#[message]
struct Greet(String);

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
    counter.tell(Greet("Ada".into())).await?;
    Ok(())
}
