//! Directory of services: an actor that knows which addresses serve what.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::WeakRecipient;
use crate::prelude::*;

/// Time after which the entry of a registrant that says no more is dropped,
/// unless [`Registration::lease`] says otherwise.
const LEASE: Duration = Duration::from_secs(15);

/// Longest lease. A longer one is shortened.
const MAX_LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// Maximum number of entries, and of watchers.
const MAX_ENTRIES: usize = 10_000;
/// Maximum length of the texts of an entry, in bytes.
const MAX_TEXT: usize = 1024;

/// Actor that knows the addresses of services, for processes that find each other
/// by one known address: those that serve something put an entry in it by a
/// [`Registration`], and clients [`pick`](DirectoryCalls::pick) one.
///
/// An entry has a lease, which its registrant renews. It is dropped when the
/// lease is over, and at once when the registration ends or the connection to it
/// is lost. A directory that is started anew is filled again within a third of
/// the lease.
///
/// A URL in it is a claim of its registrant. Nothing connects to one but the
/// client that picks it, with a key of its own.
///
/// # Examples
///
/// All in one process here:
///
/// ```
/// use conclib::prelude::*;
/// use conclib::directory::{Directory, DirectoryCalls as _, Registration};
///
/// #[actor(urn = "counter")]
/// struct Counter { n: u64 }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
/// }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let key = AuthKey::random()?;
/// // The process that everybody knows:
/// let known = System::new("known");
/// known.spawn(Directory::default())?;
/// let door = known.listen("tcp://127.0.0.1:0", key.clone()).await?;
///
/// // A process that serves something:
/// let system = System::new("worker");
/// let counter = system.spawn(Counter { n: 40 })?;
/// let listening = system.listen("tcp://127.0.0.1:0", key.clone()).await?;
/// let directory = Directory::connect(door.url(), key.clone()).serve(&system).await?;
/// let entry = Registration::new(directory, "counters", listening.url()).of(&counter);
/// system.spawn(entry)?.started().await?;
///
/// // A client:
/// let directory = Directory::connect(door.url(), key.clone()).await?;
/// let url = directory.pick("counters".into()).await?.ok_or("none is there")?;
/// assert_eq!(Counter::connect(url, key).await?.add(2).await?, 42);
/// # system.shutdown().await;
/// # known.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[actor(urn = "directory")]
#[derive(Default)]
pub struct Directory {
    /// Entries by service and URL.
    entries: BTreeMap<(String, String), Entry>,
    /// Number of picks so far.
    picks: u64,
    watchers: Vec<(String, WeakRecipient<DirectoryChanged>)>,
    /// Time at which entries are looked through for those whose lease is over.
    next_look: Option<(Instant, Attached)>,
}

struct Entry {
    until: Instant,
    /// Number of the pick that has returned it last; those never returned come
    /// first.
    picked: u64,
    registration: Urn,
}

/// Message to a watcher: the URLs of a service, after a change.
#[message]
pub struct DirectoryChanged {
    /// Name of the service.
    pub service: String,
    /// URLs of the service, in alphabetical order.
    pub urls: Vec<String>,
}

/// Reason why an entry was refused.
#[message]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The directory is full.
    #[error("the directory has its maximum of 10000 entries, or of watchers")]
    Full,
    /// The name of the service, or the URL, is too long.
    #[error("the name of a service and a URL have at most 1024 bytes")]
    TooLong,
}

#[actor]
impl Directory {
    /// Puts an entry in, or renews it. The [`Registration`] calls this.
    #[message]
    fn register(
        &mut self,
        service: String,
        url: String,
        lease: Duration,
        registration: WeakRef<Registration>,
        ctx: &mut Context<Self>,
    ) -> Result<(), DirectoryError> {
        if service.len() > MAX_TEXT || url.len() > MAX_TEXT {
            return Err(DirectoryError::TooLong);
        }
        let entry = (service, url);
        let is_new = !self.entries.contains_key(&entry);
        if is_new && self.entries.len() >= MAX_ENTRIES {
            return Err(DirectoryError::Full);
        }
        let picked = self.entries.get(&entry).map_or(0, |entry| entry.picked);
        let service = entry.0.clone();
        let until = Instant::now() + lease.min(MAX_LEASE);
        let held = Entry {
            until,
            picked,
            registration: registration.urn(),
        };
        self.entries.insert(entry, held);
        if let Some(registration) = registration.upgrade() {
            ctx.watch(&registration);
        }
        self.look_at(until, ctx);
        if is_new {
            self.changed(&service);
        }
        Ok(())
    }

    /// Takes an entry out.
    #[message]
    fn withdraw(&mut self, service: String, url: String) {
        let entry = (service, url);
        if self.entries.remove(&entry).is_some() {
            self.changed(&entry.0);
        }
    }

    /// Returns the URL of a service that was not returned for the longest time:
    /// ten picks among ten entries return each of them once. `None` if there is
    /// no entry.
    #[message]
    fn pick(&mut self, service: String) -> Option<String> {
        self.drop_expired();
        self.picks += 1;
        let picks = self.picks;
        let entries = self.entries.iter_mut();
        let entries = entries.filter(|((name, _), _)| *name == service);
        let ((_, url), entry) = entries.min_by_key(|(_, entry)| entry.picked)?;
        entry.picked = picks;
        Some(url.clone())
    }

    /// Returns the URLs of a service, in alphabetical order.
    #[message]
    fn list(&mut self, service: String) -> Vec<String> {
        self.drop_expired();
        self.urls(&service)
    }

    /// Tells an actor the URLs of a service, now and after each change, while
    /// that actor can be reached.
    #[message]
    fn watch(
        &mut self,
        service: String,
        watcher: WeakRecipient<DirectoryChanged>,
    ) -> Result<(), DirectoryError> {
        if service.len() > MAX_TEXT {
            return Err(DirectoryError::TooLong);
        }
        self.drop_expired();
        if self.watchers.len() >= MAX_ENTRIES {
            self.watchers.retain(|(_, it)| it.upgrade().is_some());
        }
        if self.watchers.len() >= MAX_ENTRIES {
            return Err(DirectoryError::Full);
        }
        if tell(&watcher, &service, self.urls(&service)) {
            self.watchers.push((service, watcher));
        }
        Ok(())
    }

    /// Drops the entries whose lease is over.
    #[message]
    fn expire(&mut self, ctx: &mut Context<Self>) {
        self.drop_expired();
        if let Some((_, look)) = self.next_look.take() {
            look.detach();
        }
        if let Some(until) = self.entries.values().map(|entry| entry.until).min() {
            self.look_at(until, ctx);
        }
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.drop_entries(|entry| entry.registration == gone.urn);
    }
}

impl Directory {
    /// Looks through the entries at that time at the latest.
    fn look_at(&mut self, until: Instant, ctx: &mut Context<Self>) {
        if self.next_look.as_ref().is_some_and(|(at, _)| *at <= until) {
            return;
        }
        let wait = until.saturating_duration_since(Instant::now());
        let look = ctx.after(wait, DirectoryExpire {});
        if let Some((_, later)) = self.next_look.replace((until, look)) {
            later.detach();
        }
    }

    fn drop_expired(&mut self) {
        let now = Instant::now();
        self.drop_entries(|entry| entry.until <= now);
    }

    fn urls(&self, service: &str) -> Vec<String> {
        let names = self.entries.keys().filter(|(name, _)| name == service);
        names.map(|(_, url)| url.clone()).collect()
    }

    fn drop_entries(&mut self, is_over: impl Fn(&Entry) -> bool) {
        let mut services = Vec::new();
        self.entries.retain(|(service, _), entry| {
            if is_over(entry) {
                services.push(service.clone());
                return false;
            }
            true
        });
        services.dedup();
        for service in services {
            self.changed(&service);
        }
    }

    /// Tells the watchers of a service its URLs.
    fn changed(&mut self, service: &str) {
        let urls = self.urls(service);
        self.watchers
            .retain(|(name, watcher)| name != service || tell(watcher, service, urls.clone()));
    }
}

/// Tells a watcher the URLs of a service, unless its mailbox is full. False if the
/// watcher has ended.
fn tell(watcher: &WeakRecipient<DirectoryChanged>, service: &str, urls: Vec<String>) -> bool {
    let Some(watcher) = watcher.upgrade() else {
        return false;
    };
    let service = service.to_owned();
    let told = watcher.ask(DirectoryChanged { service, urls }).try_tell();
    matches!(told, Ok(()) | Err(TellError::Full { .. }))
}

/// Begins to watch the actor that a registration is of.
type Watch = Box<dyn FnOnce(&mut Context<Registration>) + Send>;

/// Entry in a [`Directory`], which it renews: an actor of the process that serves
/// something. The entry ends with it.
///
/// The registration ends with its last reference; with [`of`](Self::of) it lives
/// as long as that actor.
///
/// A directory in another process notices at once that the connection is lost if
/// it can watch the registration: connect by `Directory::connect(…).serve(&system)`.
#[actor]
pub struct Registration {
    directory: ActorRef<Directory>,
    service: String,
    url: String,
    lease: Duration,
    watch: Option<Watch>,
    /// Reference to itself, while the actor that it is of lives.
    me: Option<ActorRef<Self>>,
}

impl Registration {
    /// Makes the entry of a URL for a service; spawn it.
    pub fn new(
        directory: ActorRef<Directory>,
        service: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        Self {
            directory,
            service: service.into(),
            url: url.into(),
            lease: LEASE,
            watch: None,
            me: None,
        }
    }

    /// Sets the time after which the entry is dropped if it is not renewed: 15
    /// seconds by default, and a second at least. It is renewed after a third.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_secs(1));
        self
    }

    /// Keeps the entry as long as an actor lives, and no longer.
    #[must_use]
    pub fn of<A: Actor>(mut self, actor: &ActorRef<A>) -> Self {
        let actor = actor.downgrade();
        self.watch = Some(Box::new(move |ctx| match actor.upgrade() {
            Some(actor) => ctx.watch(&actor),
            None => ctx.stop(),
        }));
        self
    }
}

#[actor]
impl Registration {
    #[on(start)]
    async fn start(&mut self, ctx: &mut Context<Self>) -> crate::Result {
        self.put_in(ctx).await?;
        ctx.tick(self.lease / 3, || RegistrationRenew {});
        if let Some(watch) = self.watch.take() {
            watch(ctx);
            self.me = Some(ctx.me());
        }
        Ok(())
    }

    /// Renews the entry now.
    #[message]
    async fn renew(&mut self, ctx: &mut Context<Self>) -> Result<(), AskError<DirectoryError>> {
        // A renewal that fails is logged, and followed by the next one.
        self.put_in(ctx).await
    }

    #[on(gone)]
    fn gone(&mut self, _gone: Gone, ctx: &mut Context<Self>) {
        self.me = None;
        ctx.stop();
    }

    #[on(stop)]
    async fn stop(&mut self, _reason: &StopReason) {
        let (service, url) = (self.service.clone(), self.url.clone());
        // The entry ends by its lease too.
        let _ = self.directory.withdraw(service, url).try_tell();
    }
}

impl Registration {
    async fn put_in(&mut self, ctx: &mut Context<Self>) -> Result<(), AskError<DirectoryError>> {
        let (service, url) = (self.service.clone(), self.url.clone());
        let me = ctx.me().downgrade();
        let registering = self.directory.register(service, url, self.lease, me);
        registering.timeout(self.lease / 3).await
    }
}
