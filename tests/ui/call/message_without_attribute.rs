use conclib::prelude::*;

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
async fn main(system: System) -> conclib::Result {
    let counter = system.spawn(Counter(0))?;
    println!("{}", counter.ask(Greet("Ada".into())).await?);
    Ok(())
}
