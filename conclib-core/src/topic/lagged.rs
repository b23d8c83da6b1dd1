//! Notice to a subscriber that was too slow.

use std::sync::Arc;

use conclib_wire::Never;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::{Message, Wire};

/// Notice to a subscriber that was slower than its topic: `missed` messages are missing here.
/// Delivered before any newer message of that topic.
///
/// [`Topic::subscribe`](super::Topic::subscribe) requires an actor that handles this message:
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
    /// Name of the topic.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub topic: Arc<str>,
    /// Number of messages that the subscriber missed.
    pub missed: u64,
}

fn write<S: Serializer>(topic: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(topic)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Arc::from)
}

impl Lagged {
    pub(super) fn new(topic: Arc<str>, missed: u64) -> Self {
        Self { topic, missed }
    }
}

impl Message for Lagged {
    type Reply = ();
    type Error = Never;
    type Reach = Wire;
    const NAME: &'static str = "conclib:Lagged";
}
