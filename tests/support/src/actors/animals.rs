//! Protocol that actors of other crates implement, and message that they
//! handle.

use conclib::{Context, message};

/// Actors that can be fed.
#[conclib::protocol]
pub trait Eater {
    /// Largest amount it can eat, in grams.
    fn limit(&self) -> u32 {
        100
    }

    /// Eats so many grams, and returns false if that is too much.
    #[message]
    async fn feed(&mut self, grams: u32) -> bool {
        grams <= self.limit()
    }

    /// Name of the actor.
    #[message]
    fn who(&self, ctx: &mut Context<Self>) -> String {
        ctx.urn().to_string()
    }
}

/// Calls an animal.
#[message(reply = String)]
#[derive(Debug)]
pub struct Summon {
    /// Name of the animal.
    pub name: String,
}
