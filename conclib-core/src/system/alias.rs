//! Further names for an actor.

use std::sync::Arc;

use conclib_wire::Urn;

use super::System;
use crate::error::PublishError;
use crate::node::{Actor, ActorRef, Unpublished};

impl System {
    /// Gives an actor of this system a further name, until the actor ends or the name is
    /// [withdrawn](Self::withdraw). [`get`](Self::get), [`lookup`](Self::lookup) and clients in
    /// other processes find the actor by that name; its own name does not change.
    ///
    /// A further name does not keep an actor alive: an anonymous actor still ends with its last
    /// reference. A name that the actor already has is accepted.
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
    /// Fails if another actor has the name, if the name is not a valid URN, or if the actor has
    /// ended or lives in another system or process.
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

    /// Withdraws a name that was [published](Self::publish). Returns false if no actor has the
    /// name, or if it is the actor's own, which stays.
    pub fn withdraw(&self, urn: impl AsRef<str>) -> bool {
        self.0.withdraw(urn.as_ref())
    }
}
