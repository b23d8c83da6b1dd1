//! Actor for the concurrency models. Written by hand, since `#[actor]` expands to paths
//! of the public crate.

use std::sync::Mutex as Book;

use conclib_wire::{Envelope, Failure, Fault};

use super::registry::SystemInner;
use crate::actor_id::ActorId;
use crate::mailbox::Overflow;
use crate::node::accepted::Accepted;
use crate::node::actor::{Actor, Messages};
use crate::node::cell::{ActorCell, Settings};
use crate::node::context::{Context, Head};
use crate::node::outcome::Turn;
use crate::node::reference::ActorRef;
use crate::node::relations::Relations;
use crate::observe::Meter;
use crate::place::Place;
use crate::reply::{AnyRequest, Queued, RemoteCaller};
use crate::supervision::Strategy;
use crate::sync::Arc;

/// Message of the model actor, which is handled or refused; a fatal one ends the actor.
pub(crate) struct Word {
    pub(crate) number: usize,
    pub(crate) is_fatal: bool,
    pub(crate) fates: Arc<Fates>,
}

/// Numbers of the messages that were handled, and of those that were refused.
#[derive(Default)]
pub(crate) struct Fates {
    pub(crate) served: Book<Vec<usize>>,
    pub(crate) refused: Book<Vec<usize>>,
}

impl Messages for Word {
    const NAMES: &'static [&'static str] = &["word"];

    fn head(&self) -> Head<'_> {
        Head {
            index: 0,
            from: None,
            remarks: None,
            due: None,
            left: false,
        }
    }

    fn request(&mut self) -> &mut dyn AnyRequest {
        self
    }

    fn accept(_: &Envelope<'_>, _: RemoteCaller) -> Accepted<Self> {
        panic!("the model has no wire");
    }
}

impl AnyRequest for Word {
    fn refuse(&mut self, _: Failure) {
        self.fates.refused.lock().unwrap().push(self.number);
    }

    fn queued(&mut self) -> Option<Queued> {
        None
    }
}

/// State of one incarnation. An actor never has more than one at a time.
pub(crate) struct Soul(Arc<Book<usize>>);

#[cfg(shuttle)]
impl Soul {
    pub(crate) fn new(alive: &Arc<Book<usize>>) -> Self {
        *alive.lock().unwrap() += 1;
        assert_eq!(*alive.lock().unwrap(), 1, "two incarnations at once");
        Self(alive.clone())
    }
}

impl Drop for Soul {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

impl Actor for Soul {
    type Inbox = Word;
    type Ref = ActorRef<Self>;

    async fn turn(&mut self, word: Word, _: &mut Context<Self>) -> Turn {
        word.fates.served.lock().unwrap().push(word.number);
        match word.is_fatal {
            true => Turn::Panicked(Box::new(Fault::of(&std::fmt::Error))),
            false => Turn::Done,
        }
    }
}

pub(crate) fn system() -> Arc<SystemInner> {
    Arc::new(SystemInner::new("model".to_owned()))
}

/// Creates and registers an anonymous actor, which may have relations such as a parent.
pub(crate) fn cell(
    system: &Arc<SystemInner>,
    relations: Option<Relations>,
) -> Arc<ActorCell<Soul>> {
    let seed = Settings {
        mailbox: 2,
        overflow: Overflow::Wait,
        ask_timeout: None,
        strategy: Strategy::OneForAll,
        place: Place::Task,
        counted: false,
    };
    let make = |id: ActorId| {
        let relations = relations.map(Box::new);
        Arc::new(ActorCell::new(
            id,
            system.clone(),
            None,
            &seed,
            relations,
            Meter::of(system.name(), "Soul"),
        ))
    };
    system.enter(None, make).unwrap()
}
