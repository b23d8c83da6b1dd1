//! Queries for the actors of a system by type and by message.

use std::any::TypeId;

use super::System;
use crate::message::Message;
use crate::node::{Actor, ActorRef, AnyRef, Recipient, downcast};

/// Queries. Each returns a list of its own: actors may come and go while the list is iterated.
impl System {
    /// Returns the actors of one type that have not ended, oldest first.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Worker;
    /// #
    /// # #[actor]
    /// # impl Worker {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let workers = [system.spawn(Worker)?, system.spawn(Worker)?];
    /// assert_eq!(system.of::<Worker>(), workers);
    /// assert_eq!(system.by_type_name("Worker").len(), 2);
    /// assert_eq!(system.all().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<A: Actor>(&self) -> Vec<ActorRef<A>> {
        self.0
            .residents()
            .filter_map(|resident| downcast(resident).ok())
            .collect()
    }

    /// Returns all actors that have not ended, oldest first.
    pub fn all(&self) -> Vec<AnyRef> {
        self.0.residents().map(AnyRef::new).collect()
    }

    /// Returns the actors whose type has that name, oldest first: the whole path, or its last part.
    pub fn by_type_name(&self, name: impl AsRef<str>) -> Vec<AnyRef> {
        let name = name.as_ref();
        self.0
            .residents()
            .filter(|resident| is_called(resident.type_name(), name))
            .map(AnyRef::new)
            .collect()
    }

    /// Returns all actors that handle `M`, of any type, oldest first: by a handler of their own, or
    /// of a protocol. Leaves out an anonymous actor whose last reference is gone, and which so is
    /// about to end.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message(reply = usize)]
    /// struct Count(String);
    ///
    /// # #[actor]
    /// # struct Words;
    /// #
    /// # #[actor]
    /// # impl Words {
    /// #     #[handler]
    /// #     fn count(&mut self, Count(text): Count) -> usize {
    /// #         text.split_whitespace().count()
    /// #     }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let _words = system.spawn(Words)?;
    /// for counter in system.recipients::<Count>() {
    ///     assert_eq!(counter.ask(Count("two words".into())).await?, 2);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn recipients<M: Message>(&self) -> Vec<Recipient<M>> {
        self.0
            .residents()
            .filter_map(|resident| resident.recipient(TypeId::of::<M>()))
            .filter_map(|found| found.downcast::<Recipient<M>>().ok())
            .map(|recipient| *recipient)
            .collect()
    }
}

/// Returns true if `name` is the path of a type, or its last part.
fn is_called(path: &str, name: &str) -> bool {
    let plain = path.split('<').next().unwrap_or(path);
    let last = plain.rsplit("::").next().unwrap_or(plain);
    name == path || name == plain || name == last
}
