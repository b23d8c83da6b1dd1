use conclib::prelude::*;

#[actor]
#[derive(Default)]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn get(&mut self) -> u64 {
        self.0
    }
}

async fn use_it(system: &System) -> conclib::Result {
    let _counter = system.actor(Counter::default()).in_process().spawn().await?;
    Ok(())
}

fn main() {}
