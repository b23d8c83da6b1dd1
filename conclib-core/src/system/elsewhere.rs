//! Actors that are spawned in another process: their options and their state go there.

use std::sync::Arc;
use std::time::Duration;

use conclib_wire::Urn;
use serde::{Deserialize, Serialize};

use super::foreign::ForeignBuilder;
use super::spawn::{Options, SpawnBuilder};
use crate::actor::{Factory, Portable, Restart};
use crate::mailbox::Overflow;
use crate::node::{Actor, Declared, SystemInner};
use crate::supervision::Strategy;

/// Actor that is about to be spawned in another process.
pub struct Elsewhere<'s, A, T> {
    /// Builder of the actor as this system sees it.
    pub here: ForeignBuilder<'s, A>,
    /// Options that the other process needs.
    pub options: FarOptions,
    /// State, or arguments, that the other process makes the actor from. `None` if they were used
    /// up.
    pub data: Option<T>,
    /// Policy for restarts. `None` for an actor that is never restarted.
    pub restart: Option<Restart>,
    /// Pause before the first start.
    pub delay: Duration,
}

impl<'s, A: Actor, T> Elsewhere<'s, A, T> {
    pub(crate) fn new(
        system: &'s Arc<SystemInner>,
        options: Options,
        data: Option<T>,
        restart: Option<Restart>,
    ) -> Self {
        let seed = &options.seed;
        Self {
            options: FarOptions {
                mailbox: seed.mailbox,
                overflow: seed.overflow,
                strategy: seed.strategy,
                ask_timeout: seed.ask_timeout.or_else(|| system.ask_timeout()),
                counted: options.urn.is_none() && options.parent.is_none(),
            },
            here: ForeignBuilder::with(system, options),
            data,
            restart,
            delay: Duration::ZERO,
        }
    }
}

/// Options of an actor that its own process applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarOptions {
    mailbox: usize,
    overflow: Overflow,
    strategy: Strategy,
    ask_timeout: Option<Duration>,
    /// True if the actor ends with its last reference.
    counted: bool,
}

impl<'s, A: Actor + Declared, B: Factory<A>> SpawnBuilder<'s, A, B> {
    /// Splits the actor into the part of this process and that of another one, for a crate that
    /// runs it there.
    #[doc(hidden)]
    pub fn elsewhere(self) -> Elsewhere<'s, A, B::Data>
    where
        B: Portable<A>,
    {
        let (system, factory, options) = self.into_parts();
        let (data, restart) = factory.into_data();
        Elsewhere::new(system, options, data, restart)
    }

    /// Sets the options of an actor that another process has spawned here.
    #[doc(hidden)]
    pub fn far_options(self, far: FarOptions) -> Self {
        self.change(|options| {
            let seed = &mut options.seed;
            seed.mailbox = far.mailbox;
            seed.overflow = far.overflow;
            seed.strategy = far.strategy;
            seed.ask_timeout = far.ask_timeout;
            seed.counted = far.counted;
        })
    }

    /// Gives an actor of the library itself a reserved name.
    #[doc(hidden)]
    pub fn reserved(self, urn: &'static str) -> Self {
        self.change(|options| options.urn = Some(Ok(Urn::reserved(urn))))
    }
}
