//! Ids and addresses of systems, and the encoded form of a reference to an actor.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::urn::Urn;

/// Id of a system: random, and never used again. A restarted process has another one.
///
/// # Examples
///
/// ```
/// use conclib_wire::NodeId;
///
/// let node = NodeId::random();
/// assert_ne!(node, NodeId::random());
/// assert_eq!(NodeId::from_bits(node.to_bits()), node);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Uuid);

impl NodeId {
    /// Makes an id that no other system has.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Makes the id of these bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// Returns the bits of the id.
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0.as_u128()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// System that runs an actor, as a link describes it to its peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Home {
    /// Id of the system.
    pub node: NodeId,
    /// URL at which the system can be reached; empty for none.
    pub url: Box<str>,
    /// Number by which the link knows the exported actor; zero if it keeps no actor alive.
    pub key: u64,
}

impl Home {
    /// Describes a system by its id and its URL.
    #[must_use]
    pub fn new(node: NodeId, url: impl Into<Box<str>>) -> Self {
        Self {
            node,
            url: url.into(),
            key: 0,
        }
    }

    /// Sets the number of the exported actor.
    #[must_use]
    pub fn with_key(mut self, key: u64) -> Self {
        self.key = key;
        self
    }
}

/// Reference to an actor, as a message carries it.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireRef {
    pub urn: Urn,
    pub home: Home,
    /// True if the reference does not keep its actor alive.
    pub weak: bool,
}
