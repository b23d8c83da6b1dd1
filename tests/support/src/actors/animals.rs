//! A protocol that others implement, and a message that others handle.

use conclib::{Context, message};

/// Whoever can be fed.
#[conclib::protocol]
pub trait Eater {
    /// How much it eats at most.
    fn limit(&self) -> u32 {
        100
    }

    /// Whether there was room for so many grams.
    #[message]
    async fn feed(&mut self, grams: u32) -> bool {
        grams <= self.limit()
    }

    /// The name of whoever eats.
    #[message]
    fn who(&self, ctx: &mut Context<Self>) -> String {
        ctx.urn().to_string()
    }
}

/// Calls somebody.
#[message(reply = String)]
#[derive(Debug)]
pub struct Summon {
    /// Whom.
    pub name: String,
}
