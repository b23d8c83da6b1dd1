//! Record of the order in which messages were sent to several receivers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclib_core::__private::SystemUnderTest;
use conclib_core::{Message, Recipient, System};

use super::probe::Probe;
use super::spy::spied;

/// Common record of several probes and spies: the messages in the order in which they were sent.
/// Made by [`journal`]; clones are the same record.
#[derive(Clone)]
pub struct Journal {
    entries: Entries,
    /// Not a handle of the system, so that the journal does not keep its actors alive.
    system: SystemUnderTest,
}

/// Names of the messages, by the moment they were queued.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries(Arc<Mutex<Vec<(u64, &'static str)>>>);

/// Returns the next moment, later than all before it.
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

/// Makes a common record for several probes and spies, to check a sequence of messages.
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
///         let _ = self.log.tell(Req).await;
///         let _ = self.client.tell(Resp(200)).await;
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

    /// Makes a probe that records in this journal, otherwise like [`probe`](super::probe).
    ///
    /// # Panics
    /// Panics as [`probe`](super::probe) does.
    #[track_caller]
    pub fn probe<M: Message>(&self) -> Probe<M> {
        Probe::new(self.clone())
    }

    /// Returns a recipient for the same actor that records in this journal. Unlike
    /// [`spy`](super::spy) it records the names alone, so the message need not be `Clone`.
    pub fn spy<M: Message>(&self, to: impl Into<Recipient<M>>) -> Recipient<M> {
        let entries = self.entries.clone();
        spied(&to.into(), |_| (), move |at, ()| entries.add(at, M::NAME))
    }

    /// Returns the wire names of the messages so far. A message to a probe is recorded at the
    /// probe's turn: after [`quiet`](super::quiet), at the latest.
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
