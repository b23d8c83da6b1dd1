//! More names for one actor.

use std::sync::Arc;

use super::System;
use super::table::Unpublished;
use crate::actor::{Actor, ActorRef};
use crate::error::PublishError;
use conclib_wire::Urn;

impl System {
    /// Gives an actor of this system one name more, until it ends or the name
    /// is [withdrawn](Self::withdraw). By it, [`get`](Self::get),
    /// [`lookup`](Self::lookup) and clients in other processes find the actor,
    /// whose own name stays what it is.
    ///
    /// A second name keeps nobody alive: an anonymous actor still ends with
    /// its last reference. A name the actor already has is fine.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(urn = "primary")]
    /// struct Store;
    ///
    /// #[actor]
    /// impl Store {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let store = system.spawn(Store)?;
    ///     system.publish(&store, "store")?;
    ///     assert_eq!(system.get::<Store>("store")?, store);
    ///     assert!(system.withdraw("store"));
    ///     assert!(!system.withdraw("store"));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Another actor has the name, it is none, or the actor has ended or lives
    /// elsewhere.
    pub fn publish<A: Actor>(
        &self,
        actor: &ActorRef<A>,
        urn: impl AsRef<str>,
    ) -> Result<(), PublishError> {
        let urn = Urn::new(urn.as_ref())?;
        let here = actor
            .cell()
            .filter(|cell| Arc::ptr_eq(&cell.system, &self.0))
            .map_or(Err(Unpublished::Ended), |cell| self.0.publish(cell.id, urn));
        here.map_err(|why| match why {
            Unpublished::Taken(urn) => PublishError::UrnTaken {
                urn,
                system: self.name().to_owned(),
            },
            Unpublished::Ended => PublishError::NotHere {
                actor: actor.urn(),
                system: self.name().to_owned(),
            },
        })
    }

    /// Takes a name back that was [published](Self::publish). False if nobody
    /// has it, or it is its actor's own, which stays.
    pub fn withdraw(&self, urn: impl AsRef<str>) -> bool {
        self.0.withdraw(urn.as_ref())
    }
}
