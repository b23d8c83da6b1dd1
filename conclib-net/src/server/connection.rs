//! One client of a broker: its requests come in, their answers leave.

use std::collections::hash_map::Entry;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Cancellation, Codec, CodecError, Envelope, Frame, FrameError, MAX_BODY, Origin, ReplySink,
    RequestId, ResponseEnvelope, ResponseKind,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::acceptor::{Common, Phase};
use crate::id_map::IdMap;
use crate::incoming::Incoming;
use crate::limits::Limits;
use crate::outbox::{Outbox, Source, write_out};

/// What the task of a connection shares with all who answer its requests.
struct Connection {
    limits: Limits,
    state: Mutex<State>,
    /// Tells the task that the peer does not read.
    stalled: Notify,
}

struct State {
    out: Outbox,
    /// Every request that has come in and has not been answered.
    live: IdMap<Live>,
    /// The reading half, while it may not read.
    reader: Option<Waker>,
    /// Whether the peer was told to send no new requests.
    refusing: bool,
}

enum Live {
    /// Its actor is about to get it.
    Delivering,
    Waiting(Cancellation),
    /// Its asker has left. It keeps its place until its actor is done with it:
    /// a client cannot have more under way by giving up.
    Left,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the peer left")]
    Left,
    #[error("the broker closes")]
    Closing,
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    #[error("it ended in the middle of a frame")]
    Truncated,
    #[error("the peer sent an answer, and was asked nothing")]
    Unasked,
    #[error("the peer has two requests with the id {0} under way")]
    Duplicate(RequestId),
    #[error("the peer does not read its answers")]
    Stalled,
}

impl End {
    /// Whether the peer did what it must not.
    fn is_its_fault(&self) -> bool {
        !matches!(self, Self::Left | Self::Closing | Self::Broken(_))
    }

    /// Whether the peer can still be told something.
    fn can_be_told(&self) -> bool {
        !matches!(
            self,
            Self::Left | Self::Broken(_) | Self::Stalled | Self::Truncated
        )
    }
}

/// Serves a client that was let in, until either side has enough.
pub(super) async fn serve<R, W>(
    reader: R,
    writer: W,
    common: &Common,
    origin: Origin,
    mut phases: watch::Receiver<Phase>,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let connection = Arc::new(Connection::new(common.limits));
    let _leaving = Leaving(&connection);
    let mut writing = pin!(write_out(writer, &*connection));
    let mut reading = pin!(read_in(reader, &connection, common, &origin));
    // One task does both: an answer and the next request often share a wake.
    let mut writes = true;
    let end = loop {
        tokio::select! {
            biased;
            // What was sent before the peer stopped reading is still served:
            // the end of its requests comes by the reading half.
            _ = &mut writing, if writes => {
                writes = false;
                connection.lock().out.discard();
            }
            end = &mut reading => break end,
            () = connection.stalled.notified() => break End::Stalled,
            changed = phases.changed() => match changed.map(|()| *phases.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Refusing) => connection.say_goodbye(),
                Ok(Phase::Closing) | Err(_) => break End::Closing,
            },
        }
    };
    if end.is_its_fault() {
        let so_far = common.ledger.thrown_out.up();
        match so_far {
            Some(so_far) => {
                tracing::warn!(target: "conclib::net", %origin, so_far, "thrown out: {end}");
            }
            None => tracing::debug!(target: "conclib::net", %origin, "thrown out: {end}"),
        }
    } else {
        tracing::debug!(target: "conclib::net", %origin, "disconnected: {end}");
    }
    if writes && end.can_be_told() {
        connection.say_goodbye();
        connection.seal();
        // Whoever does not read it in time goes without it.
        let _ = timeout(common.limits.flush, writing).await;
    }
}

async fn read_in<R>(
    mut reader: R,
    connection: &Arc<Connection>,
    common: &Common,
    origin: &Origin,
) -> End
where
    R: AsyncRead + Unpin,
{
    let sink: Arc<dyn ReplySink> = connection.clone();
    let mut incoming = Incoming::new();
    loop {
        match incoming.fill(&mut reader).await {
            Ok(0) if incoming.is_empty() => return End::Left,
            Ok(0) => return End::Truncated,
            Ok(_) => {}
            Err(error) => return End::Broken(error),
        }
        loop {
            let frame = match incoming.next() {
                Ok(Some(bytes)) => Frame::decode(bytes),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let done = match frame {
                Ok(Frame::Request(envelope)) => {
                    connection.request(&envelope, common, &sink, origin)
                }
                Ok(Frame::Cancel(id)) => Ok(connection.cancel(id)),
                Ok(Frame::Goodbye) => Ok(Load::Light),
                Ok(_) => Err(End::Unasked),
                Err(error) => Err(error.into()),
            };
            match done {
                Ok(Load::Light) => {}
                Ok(Load::Full) => poll_fn(|cx| connection.poll_ready(cx)).await,
                Err(end) => return end,
            }
        }
    }
}

/// Whether a client has as much under way as it may.
#[derive(PartialEq, Eq)]
enum Load {
    Light,
    Full,
}

impl State {
    fn load(&self, limits: &Limits) -> Load {
        let light = self.live.len() < limits.window && self.out.waiting() < limits.waiting;
        if light { Load::Light } else { Load::Full }
    }

    /// The reading half, if it waits and can go on.
    #[must_use]
    fn readable(&mut self, limits: &Limits) -> Option<Waker> {
        self.reader
            .take_if(|_| self.live.len() < limits.window && self.out.waiting() < limits.waiting)
    }
}

impl Connection {
    fn new(limits: Limits) -> Self {
        let state = State {
            out: Outbox::default(),
            live: IdMap::default(),
            reader: None,
            refusing: false,
        };
        Self {
            limits,
            state: Mutex::new(state),
            stalled: Notify::new(),
        }
    }

    fn request(
        &self,
        envelope: &Envelope<'_>,
        common: &Common,
        sink: &Arc<dyn ReplySink>,
        origin: &Origin,
    ) -> Result<Load, End> {
        let refusing = {
            // Before it is delivered: the answer may come before that returns.
            let mut state = self.lock();
            match state.live.entry(envelope.id) {
                Entry::Occupied(_) => return Err(End::Duplicate(envelope.id)),
                Entry::Vacant(place) => place.insert(Live::Delivering),
            };
            state.refusing
        };
        if refusing {
            // It crossed our goodbye.
            self.respond(failure(
                envelope.id,
                envelope.codec,
                &Failure::Stopped(Delivery::NotDelivered),
            ));
            return Ok(Load::Light);
        }
        let cancellation = common.inlet.deliver(envelope, sink.clone(), origin.clone());
        let mut state = self.lock();
        if let Some(cancellation) = cancellation
            && let Some(live) = state.live.get_mut(&envelope.id)
        {
            *live = Live::Waiting(cancellation);
        }
        Ok(state.load(&self.limits))
    }

    fn cancel(&self, id: RequestId) -> Load {
        let mut state = self.lock();
        if let Some(live) = state.live.get_mut(&id)
            && let Live::Waiting(cancellation) = std::mem::replace(live, Live::Left)
        {
            cancellation.cancel();
        }
        state.load(&self.limits)
    }

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match state.load(&self.limits) {
            Load::Light => Poll::Ready(()),
            Load::Full => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn say_goodbye(&self) {
        let writer = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.refusing, true) {
                return;
            }
            // A goodbye has no names and no body: it always fits.
            let _ = state.out.push(&Frame::Goodbye);
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    fn seal(&self) {
        let writer = {
            let mut state = self.lock();
            state.out.seal();
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplySink for Connection {
    fn respond(&self, response: ResponseEnvelope) {
        let (writer, reader, stalled) = {
            let mut state = self.lock();
            match state.live.remove(&response.id) {
                // The connection has ended.
                None => return,
                Some(Live::Left) => {}
                Some(Live::Delivering | Live::Waiting(_)) => {
                    let frame = Frame::Response(response.as_response());
                    if state.out.push(&frame).is_err() {
                        // No codec of ours makes a body that is too large.
                        let error = CodecError::TooLarge { limit: MAX_BODY };
                        let error = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
                        let instead = failure(response.id, response.codec, &error);
                        let _ = state.out.push(&Frame::Response(instead.as_response()));
                    }
                }
            }
            let stalled = state.out.waiting() > self.limits.stalled;
            (state.out.waker(), state.readable(&self.limits), stalled)
        };
        writer.into_iter().chain(reader).for_each(Waker::wake);
        if stalled {
            self.stalled.notify_one();
        }
    }
}

impl Source for Connection {
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let (taken, reader) = {
            let mut state = self.lock();
            (state.out.poll_take(cx, empty), state.readable(&self.limits))
        };
        reader.into_iter().for_each(Waker::wake);
        taken
    }

    fn wrote(&self, _: usize) {}
}

/// However the task of a connection ends, by an abort too: nobody waits for
/// the answers any more, and what comes is forgotten.
struct Leaving<'a>(&'a Connection);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let live = {
            let mut state = self.0.lock();
            state.out.discard();
            state.reader = None;
            std::mem::take(&mut state.live)
        };
        for request in live.into_values() {
            if let Live::Waiting(cancellation) = request {
                cancellation.cancel();
            }
        }
    }
}

fn failure(id: RequestId, codec: Codec, failure: &Failure) -> ResponseEnvelope {
    let mut body = Vec::new();
    // It leaves `body` empty if it fails, which is read as "no reply".
    let _ = codec.encode(failure, &mut body);
    ResponseEnvelope {
        id,
        kind: ResponseKind::Failure,
        codec,
        body,
    }
}
