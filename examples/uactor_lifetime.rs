//! An actor that belongs to a block and ends with it, and one that is told to
//! end.
#![allow(clippy::print_stdout, reason = "a program")]

use std::convert::Infallible;

use conclib::prelude::*;

#[actor]
struct Guest;

#[actor]
impl Guest {
    #[on(create)]
    fn create(_: ()) -> Result<Self, Infallible> {
        println!("Initialized");
        Ok(Self)
    }

    #[message]
    fn enter(&mut self) {
        println!("Context enter");
    }

    #[message]
    fn leave(&mut self) {
        println!("Context exit");
    }

    #[on(stop)]
    fn stop(&mut self) {
        println!("Shutdown");
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("hotel");
    let ended = {
        let guest = system.create::<Guest>(()).spawn()?.scoped();
        guest.enter().await?;
        guest.leave().tell().await?;
        guest.clone()
    };
    // The end of the block stopped it, after its queued messages.
    ended.stopped().await;

    let guest = system.create::<Guest>(()).spawn()?;
    guest.stop().await;
    // Stopping it again is allowed.
    guest.stop().await;
    Ok(())
}
