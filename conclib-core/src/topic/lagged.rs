//! What a subscriber is told that was too slow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::message::{Message, Wire};
use conclib_wire::Never;

/// Word to a subscriber that it was slower than its topic: so many messages
/// are missing here. It comes before any newer message of that topic.
///
/// An actor hears of it by a handler, which is what
/// [`Topic::subscribe`](super::Topic::subscribe) asks for:
///
/// ```
/// use conclib::prelude::*;
///
/// #[message]
/// #[derive(Clone)]
/// struct Price(u64);
///
/// #[actor]
/// #[derive(Default)]
/// struct Chart { prices: Vec<u64>, gaps: u64 }
///
/// #[actor]
/// impl Chart {
///     #[handler]
///     fn price(&mut self, Price(cents): Price) { self.prices.push(cents); }
///
///     #[handler]
///     fn lagged(&mut self, Lagged { missed, .. }: Lagged) { self.gaps += missed; }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let chart = system.spawn(Chart::default())?;
///     let prices = Topic::new("prices");
///     let _subscription = prices.subscribe(&chart);
///     prices.publish(Price(7));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lagged {
    /// The name of the topic.
    pub topic: Arc<str>,
    /// How many messages the subscriber missed.
    pub missed: u64,
}

impl Lagged {
    pub(super) fn new(topic: Arc<str>, missed: u64) -> Self {
        Self { topic, missed }
    }
}

impl Message for Lagged {
    type Reply = ();
    type Error = Never;
    type Road = Wire;
    const NAME: &'static str = "conclib:Lagged";
}
