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
}

#[actor]
struct Idle;

#[actor]
impl Idle {}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let counter = system.spawn(Counter(0))?;
    counter.add(1).await?;
    let idle = system.spawn(Idle)?;
    idle.add(2).await?;
    Ok(())
}
