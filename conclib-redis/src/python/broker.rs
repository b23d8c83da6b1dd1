//! Broker that answers Python clients.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use conclib_core::wire::{Broker, Inlet};
use conclib_net::AuthKey;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{sleep_until, timeout};

use super::closing;
use super::connection::{Connection, Subscription};
use super::requests::Requests;
use crate::channels::Channels;
use crate::error::RedisError;
use crate::redis::{Event, Events};
use crate::runtime;
use crate::url::RedisUrl;

/// Time for the last replies.
const FLUSH: Duration = Duration::from_secs(2);

/// Server end by which clients of Python's conclib reach a system: the counterpart of its
/// `start_proxy`.
///
/// Every request is answered within 30 seconds, the time after which a handler is too late. A reply
/// is published when the client has subscribed to its channel, which the original client does after
/// it has published its request; it is given up 30 seconds after the request.
///
/// A reply whose type is no struct with named fields arrives as `{"value": …}`, and `()` as `{}`. For
/// an error or a failure the original client raises a `pydantic.ValidationError`, whose text begins
/// with the name of the failure: `no_such_actor: …`.
///
/// Requests that are published while the connection to the server is lost are lost too, as always on
/// such a channel. A subscription by a pattern does not count, as it may be that of a monitor: a
/// client that has one before it asks begins the ids of its requests with `conclib.`.
///
/// Several brokers may listen to one channel, and each gets all requests. Then none of them says that
/// an actor does not exist, or no longer, as another one may have it; an actor or a pool whose name is
/// in two of them handles each request twice.
///
/// No peer is authenticated: a client that can publish to the server can ask all named actors.
///
/// Dropping the broker disconnects it at once; [`close`](Broker::close) does so in order.
///
/// # Examples
///
/// ```no_run
/// use conclib_core::System;
/// use conclib_redis::{PythonBroker, RedisUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("docs");
/// let url: RedisUrl = "redis://localhost?channel=python".parse()?;
/// let broker = PythonBroker::open(url, None, system.inlet()).await?;
/// # drop(broker);
/// # Ok(())
/// # }
/// ```
pub struct PythonBroker {
    url: String,
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shared {
    connection: Arc<Connection>,
    requests: Arc<Requests>,
    close: watch::Sender<bool>,
    /// Task of the broker. `None` once a caller has seen it end.
    task: Mutex<Option<JoinHandle<()>>>,
}

impl PythonBroker {
    /// Serves `inlet` on the channels of a URL with `channel=python`. A request that is published
    /// after this returns is answered.
    ///
    /// # Errors
    /// [`RedisError`], within ten seconds. [`RedisError::Unsigned`] if there is an authkey, as this
    /// argument or for all connections, and the URL does not allow that.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn open(
        url: RedisUrl,
        key: Option<AuthKey>,
        inlet: Inlet,
    ) -> Result<Self, RedisError> {
        let runtime = runtime::current()?;
        let requests = |channels: &Channels| Subscription::Channel(channels.inbound.clone());
        let (connection, events) = Connection::open(&url, key, requests).await?;
        let requests = Arc::new(Requests::new(inlet.named(), &connection.channels));
        let (close, is_closing) = watch::channel(false);
        let task = runtime.spawn(run(
            connection.clone(),
            requests.clone(),
            events,
            is_closing,
        ));
        let url = url.to_string();
        tracing::info!(target: "conclib::redis", url, "serving");
        let shared = Shared {
            connection,
            requests,
            close,
            task: Mutex::new(Some(task)),
        };
        Ok(Self {
            url,
            shared: Arc::new(shared),
            runtime,
        })
    }
}

async fn run(
    connection: Arc<Connection>,
    requests: Arc<Requests>,
    mut events: Events,
    mut is_closing: watch::Receiver<bool>,
) {
    let mut is_up = true;
    let mut publishing = pin!(requests.replies.publish(&connection));
    loop {
        let deadline = requests.deadline();
        let late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        let event = tokio::select! {
            biased;
            () = closing(&mut is_closing) => break,
            event = events.next() => event,
            never = &mut publishing => match never {},
            () = late => {
                requests.end_late();
                continue;
            }
        };
        match event {
            Some(Event::Message { payload, .. }) => requests.receive(&payload),
            Some(Event::Lost(lost)) => {
                tracing::warn!(target: "conclib::redis", lost, "requests came faster than they were read, and are lost");
            }
            Some(Event::Down(why)) if is_up => {
                is_up = false;
                connection.is_lost(&why);
            }
            Some(Event::Down(_)) => {}
            Some(Event::Up) => {
                connection.subscribe_again(&is_closing).await;
                is_up = true;
            }
            None => break,
        }
    }
    requests.end_all();
    let leaving = async {
        if timeout(FLUSH, requests.replies.empty()).await.is_err() {
            requests.replies.give_up();
        }
        if is_up {
            let _ = timeout(FLUSH, connection.unsubscribe()).await;
        }
        let _ = timeout(FLUSH, requests.replies.empty()).await;
    };
    tokio::select! {
        // Requests that still come are refused.
        biased;
        never = refuse(&requests, &mut events) => match never {},
        never = &mut publishing => match never {},
        () = leaving => {}
    }
    connection.redis.close().await;
}

/// Reads requests until the future is dropped. A broker that is closing refuses them.
async fn refuse(requests: &Arc<Requests>, events: &mut Events) -> Infallible {
    while let Some(event) = events.next().await {
        if let Event::Message { payload, .. } = event {
            requests.receive(&payload);
        }
        // Requests that come as fast as they are read must not keep the broker from its end.
        yield_now().await;
    }
    pending().await
}

impl Broker for PythonBroker {
    fn url(&self) -> &str {
        &self.url
    }

    fn refuse_new(&self) {
        self.shared.requests.refuse_new();
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            shared.requests.refuse_new();
            shared.close.send_replace(true);
            let mut task = shared.task.lock().await;
            if let Some(running) = task.as_mut() {
                // A task that panicked has ended too.
                let _ = running.await;
                *task = None;
            }
        })
    }
}

impl Drop for PythonBroker {
    fn drop(&mut self) {
        let Ok(mut task) = self.shared.task.try_lock() else {
            // The broker is being closed.
            return;
        };
        if let Some(task) = task.take_if(|task| !task.is_finished()) {
            task.abort();
            let connection = self.shared.connection.clone();
            self.runtime
                .spawn(async move { connection.redis.close().await });
        }
    }
}

impl fmt::Debug for PythonBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonBroker")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
