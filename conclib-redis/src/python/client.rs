//! Client of the actors of Python's conclib.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use conclib_core::Delivery;
use conclib_core::wire::{
    Answerer, Codec, Envelope, Failure, Outage, Outlet, RequestId, Room, SendRefused,
};
use conclib_net::AuthKey;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use super::asking::{Asking, Outgoing};
use super::closing;
use super::connection::{Connection, Subscription};
use super::envelope::SUBSCRIBED;
use crate::channels::Channels;
use crate::error::RedisError;
use crate::redis::{Event, Events};
use crate::runtime;
use crate::signer::random;
use crate::url::RedisUrl;

/// Time for the last requests.
const FLUSH: Duration = Duration::from_secs(2);

/// Client of the actors of Python's conclib, by their names: the counterpart of its `ProxyClient`.
///
/// The message and its reply are structs with named fields, as pydantic models are; `()` stands for a
/// reply without fields. A Python actor that raises an error, or that does not exist, never answers:
/// the ask then fails at its deadline. If no proxy listens, it fails at once.
///
/// A told message is queued once it is published; what the actor responds is ignored. At most 1024
/// requests are under way at once, and 256 to one actor. Durable messages, streams of replies, and
/// references to actors are refused before anything is sent.
///
/// # Examples
///
/// ```no_run
/// use conclib_core::wire::Remote;
/// use conclib_core::Urn;
/// use conclib_redis::{PythonClient, RedisUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url: RedisUrl = "redis://localhost?channel=python".parse()?;
/// let client = PythonClient::connect(url, None).await?;
/// let greeter = Remote::new(client, Urn::new("greeter"));
/// # Ok(())
/// # }
/// ```
pub struct PythonClient {
    asking: Arc<Asking>,
    connection: Arc<Connection>,
    close: watch::Sender<bool>,
    /// Task of the client. `None` once a caller has seen it end.
    task: Mutex<Option<JoinHandle<()>>>,
    runtime: Handle,
}

impl PythonClient {
    /// Connects to the channels of a URL with `channel=python`, and subscribes to all replies of this
    /// process.
    ///
    /// # Errors
    /// [`RedisError`], within ten seconds. [`RedisError::Unsigned`] if there is an authkey, as this
    /// argument or for all connections, and the URL does not allow that.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn connect(url: RedisUrl, key: Option<AuthKey>) -> Result<Arc<Self>, RedisError> {
        let runtime = runtime::current()?;
        let client = format!("{SUBSCRIBED}{:032x}-", u128::from_be_bytes(random()?));
        let replies =
            |channels: &Channels| Subscription::Pattern(pattern(&channels.reply(&client)));
        let (asking, outgoing) = Asking::new(client.clone(), url.python()?)?;
        let (connection, events) = Connection::open(&url, key, replies).await?;
        let (close, is_closing) = watch::channel(false);
        let task = run(
            connection.clone(),
            asking.clone(),
            events,
            outgoing,
            is_closing,
        );
        Ok(Arc::new(Self {
            asking,
            connection,
            close,
            task: Mutex::new(Some(runtime.spawn(task))),
            runtime,
        }))
    }

    /// Sends what is queued, for at most two seconds, and disconnects. Idempotent.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn close(&self) {
        self.asking.pending.close();
        self.close.send_replace(true);
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            // A task that panicked has ended too.
            let _ = running.await;
            *task = None;
        }
    }
}

/// Returns the pattern of all channels that begin so.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for char in prefix.chars() {
        if "*?[]\\^".contains(char) {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('*');
    pattern
}

async fn run(
    connection: Arc<Connection>,
    asking: Arc<Asking>,
    mut events: Events,
    mut outgoing: Outgoing,
    mut is_closing: watch::Receiver<bool>,
) {
    let requests = &asking.pending;
    let mut publishing = FuturesUnordered::new();
    let publish = async |(id, payload)| {
        let channel = &connection.channels.inbound;
        (
            id,
            connection.redis.publish_unsharded(channel, payload).await,
        )
    };
    let published = |(id, result): (RequestId, Result<u64, RedisError>)| match result {
        Ok(proxies) => requests.published(id, proxies),
        Err(_) => requests.answer(id, Err(Failure::Disconnected(Delivery::MayHaveRun))),
    };
    loop {
        let deadline = requests.deadline();
        let late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = closing(&mut is_closing) => break,
            Some(result) = publishing.next(), if !publishing.is_empty() => published(result),
            Some((id, payload)) = outgoing.recv() => {
                // A request that has ended is not sent.
                if requests.contains(id) {
                    publishing.push(publish((id, payload)));
                }
            }
            () = late => requests.end_late(),
            event = events.next() => match event {
                Some(Event::Message { channel, payload }) => asking.receive(&channel, &payload),
                Some(Event::Lost(lost)) => {
                    tracing::warn!(target: "conclib::redis", lost, "replies came faster than they were read, and are lost");
                }
                Some(Event::Down(why)) => {
                    if requests.down(&why) {
                        connection.is_lost(&why);
                    }
                }
                Some(Event::Up) => {
                    requests.down("the connection was lost");
                    connection.subscribe_again(&is_closing).await;
                    requests.up();
                }
                None => break,
            },
        }
    }
    requests.close();
    while let Ok((id, payload)) = outgoing.try_recv() {
        publishing.push(publish((id, payload)));
    }
    // Requests that are not sent by then fail.
    let _ = timeout(FLUSH, async {
        while let Some(result) = publishing.next().await {
            published(result);
        }
    })
    .await;
    requests.fail_all();
    connection.redis.close().await;
}

impl Outlet for PythonClient {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        self.asking.send(envelope, answerer)
    }

    fn room(&self, to: &str) -> Room {
        let (asking, to): (_, Box<str>) = (self.asking.clone(), to.into());
        Box::pin(async move {
            asking.pending.room(&to).await;
            Ok(())
        })
    }

    fn cancel(&self, id: RequestId) {
        self.asking.pending.remove(id);
    }

    fn outage(&self) -> Option<Outage> {
        self.asking.pending.outage()
    }

    fn codec(&self) -> Codec {
        Codec::Json
    }

    fn carries_streams(&self) -> bool {
        false
    }

    fn next_id(&self) -> RequestId {
        self.asking.ids.next()
    }
}

impl Drop for PythonClient {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().take_if(|task| !task.is_finished()) {
            task.abort();
            self.asking.pending.close();
            self.asking.pending.fail_all();
            let connection = self.connection.clone();
            self.runtime
                .spawn(async move { connection.redis.close().await });
        }
    }
}

impl fmt::Debug for PythonClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonClient").finish_non_exhaustive()
    }
}
