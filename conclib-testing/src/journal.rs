//! In what order messages were sent, whomever they were for.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclib_core::__private::SystemUnderTest;
use conclib_core::{Message, Recipient, System};

use super::probe::Probe;
use super::spy::spied;

/// One record of several probes and spies: what came, in the order in which
/// it was sent. Made by [`journal`]; clones are the same record.
#[derive(Clone)]
pub struct Journal {
    entries: Entries,
    /// Not a handle: it keeps nothing alive.
    system: SystemUnderTest,
}

/// What came, by the moment it was queued.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries(Arc<Mutex<Vec<(u64, &'static str)>>>);

/// The next moment. Whatever is queued later has a later one.
pub(super) fn moment() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(0);
    NOW.fetch_add(1, Ordering::SeqCst)
}

impl Entries {
    pub(super) fn add(&self, at: u64, name: &'static str) {
        let mut entries = self.entries();
        let place = entries.partition_point(|(other, _)| *other < at);
        entries.insert(place, (at, name));
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.entries().iter().map(|(_, name)| *name).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<(u64, &'static str)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One record for several probes and spies, to check a sequence of messages.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[message]
/// struct Req;
/// #[message]
/// #[derive(Debug)]
/// struct Resp(u64);
///
/// #[actor]
/// struct Server { log: Recipient<Req>, client: Recipient<Resp> }
///
/// #[actor]
/// impl Server {
///     #[message]
///     async fn serve(&mut self) {
///         let _ = self.log.ask(Req).tell().await;
///         let _ = self.client.ask(Resp(200)).tell().await;
///     }
/// }
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let journal = testing::journal(&system);
///     let (log, mut client) = (journal.probe::<Req>(), journal.probe::<Resp>());
///     let server = system.spawn(Server {
///         log: log.recipient(),
///         client: client.recipient(),
///     })?;
///     server.serve().await?;
///     client.expect(|Resp(code)| *code == 200).await;
///     testing::quiet(&system).await;
///     assert_eq!(journal.names(), ["Req", "Resp"]);
///     Ok(())
/// })
/// # }
/// ```
pub fn journal(system: &System) -> Journal {
    Journal::of(SystemUnderTest::of(system))
}

impl Journal {
    pub(super) fn of(system: SystemUnderTest) -> Self {
        Self {
            entries: Entries::default(),
            system,
        }
    }

    /// A probe that records here, else as [`probe`](super::probe).
    ///
    /// # Panics
    /// As [`probe`](super::probe).
    #[track_caller]
    pub fn probe<M: Message>(&self) -> Probe<M> {
        Probe::new(self.clone())
    }

    /// The same recipient, and here stands what passed. Unlike
    /// [`spy`](super::spy) it keeps the names alone, so the message need not
    /// be `Clone`.
    pub fn spy<M: Message>(&self, to: impl Into<Recipient<M>>) -> Recipient<M> {
        let entries = self.entries.clone();
        spied(&to.into(), |_| (), move |at, ()| entries.add(at, M::NAME))
    }

    /// The wire names of what came so far. What was sent to a probe is here
    /// when the probe has had its turn: after [`quiet`](super::quiet), at the
    /// latest.
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.names()
    }

    pub(super) fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(super) fn system(&self) -> &SystemUnderTest {
        &self.system
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Journal").field(&self.names()).finish()
    }
}
