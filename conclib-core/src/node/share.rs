//! Share in the life of an actor, whatever its type.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::any_actor::AnyActor;
use super::travel::{Address, Pin, Strength, read, write};
use crate::named::Named as _;
use crate::remote::{Remote, ended};

/// Counted reference that keeps an actor alive, and does nothing else.
#[derive(Clone)]
pub(crate) enum Share {
    Here(Arc<Pin>),
    /// Actor in another process, or one that has ended.
    Away(Arc<Remote>),
}

impl Share {
    /// Makes a share, for a caller that may count.
    pub(crate) fn of(actor: Arc<dyn AnyActor>) -> Self {
        Self::Here(Arc::new(Pin::of(actor)))
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let address = match self {
            Self::Here(pin) => Address::Here(pin.actor().clone(), None),
            Self::Away(remote) => Address::Away(remote.clone()),
        };
        write(address, Strength::Strong, serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, address) = read(Strength::Strong, deserializer)?;
        Ok(match address {
            Address::Away(remote) => Self::Away(remote),
            Address::Here(actor, _back) => {
                let node = actor.system().node();
                match Pin::try_of(actor) {
                    Some(pin) => Self::Here(Arc::new(pin)),
                    None => Self::Away(Arc::new(ended(urn, node))),
                }
            }
        })
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(pin) => write!(f, "Share({})", pin.actor().urn()),
            Self::Away(remote) => write!(f, "Share({})", remote.urn()),
        }
    }
}
