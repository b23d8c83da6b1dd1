//! Results that stay with their actor, as uactor's result proxies: data that others share, an event
//! that they wait for, and work in the background.
#![allow(clippy::print_stdout, reason = "a program")]

use std::time::{Duration, Instant};

use conclib::held::{Event, *};
use conclib::prelude::*;

#[actor]
struct Data {
    /// An object that the actor keeps is a child.
    numbers: ActorRef<List<u32>>,
}

#[actor]
impl Data {
    #[on(create)]
    fn create(numbers: Vec<u32>, ctx: &mut Context<Self>) -> Result<Self, SpawnError> {
        let numbers = ctx.spawn(List::from(numbers))?;
        Ok(Self { numbers })
    }

    #[message]
    fn numbers(&mut self, ctx: &mut Context<Self>) -> Held<List<u32>> {
        ctx.lend(&self.numbers)
    }

    #[message]
    fn event(&mut self, ctx: &mut Context<Self>) -> Held<Event> {
        ctx.hold(Event::new())
    }

    /// Returns at once.
    #[message]
    fn sleep(&mut self, time: Duration, ctx: &mut Context<Self>) -> Held<Background<()>> {
        ctx.hold(Background::run(tokio::time::sleep(time)))
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let data = system.create::<Data>(vec![1, 2]);
    let data = data.in_process().spawn().await?;

    let (one, two) = (data.numbers().await?, data.numbers().await?);
    one.push(3).await?;
    println!("list {:?}", one.slice(0, 10).await?);
    println!("list {:?}", two.slice(0, 10).await?);

    let event = data.event().await?;
    let waits = event.wait().timeout(Duration::from_millis(50)).await;
    println!("{}", if waits.is_ok() { "Ready" } else { "Not ready" });
    event.set().await?;
    event.wait().await?;
    println!("Ready");

    let begun = Instant::now();
    let sleeps = data.sleep(Duration::from_secs(2)).await?;
    println!("{:.1} s", begun.elapsed().as_secs_f64());
    sleeps.get().await?;
    println!("{:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
