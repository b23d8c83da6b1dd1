//! Task of a link: reads and writes its frames until it ends.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Codec, CodecError, Frame, FrameError, RequestId, Response, ResponseEnvelope,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use super::asking::Unrequested;
use super::batches::Batches;
use super::clock;
use super::frame_reader::{FrameReader, Incoming, ReadError};
use super::gathering::Gathering;
use super::inner::{Alarm, SessionInner};
use super::outbox::write_out;
use super::scope::TooManyReferences;
use super::serving::DuplicateId;
use super::spin::Spin;
use super::stream_scheduler::StreamScheduler;

/// Reason why a link ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionEnd {
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    Left,
    /// This end was closed.
    #[error("this end was closed")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(std::io::Error),
    /// The bytes that came are not those that the peer sent, by their
    /// signature.
    #[error("{0}")]
    Tampered(std::io::Error),
    /// The connection ended in the middle of a frame.
    #[error("the connection ended in the middle of a frame")]
    Truncated,
    /// The rest of a frame did not come in time.
    #[error("the rest of a frame did not come within {0:?}")]
    Unfinished(std::time::Duration),
    /// The peer sent an invalid frame.
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    /// The peer has two requests with the same id under way.
    #[error("the peer has two requests with the id {0} under way")]
    DuplicateId(RequestId),
    /// The peer sent an answer without a request.
    #[error("the peer sent an answer without a request")]
    Unrequested,
    /// The peer announced references of a frame, and did not send the frame.
    #[error("the peer announced references of a frame, and sent another frame")]
    LostReferences,
    /// The peer lent more references than the limit, or one twice.
    #[error("the peer lent more references to actors than the limit, or one twice")]
    TooManyReferences,
    /// The peer does not read what is sent to it.
    #[error("the peer does not read what is sent to it")]
    Stalled,
    /// No data comes over the connection any more.
    #[error("no data comes over the connection any more")]
    Dead,
}

impl SessionEnd {
    /// Tests if the peer broke the protocol.
    pub(crate) fn is_protocol_error(&self) -> bool {
        !matches!(
            self,
            Self::Left | Self::Closed | Self::Broken(_) | Self::Dead
        )
    }

    /// Tests if the peer can still be sent the last frames.
    fn allows_goodbye(&self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::BadFrame(_)
                | Self::DuplicateId(_)
                | Self::Unrequested
                | Self::Unfinished(_)
        )
    }
}

impl From<ReadError> for SessionEnd {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Broken(error) if error.kind() == ErrorKind::InvalidData => {
                Self::Tampered(error)
            }
            ReadError::Broken(error) => Self::Broken(error),
            ReadError::Unfinished(after) => Self::Unfinished(after),
        }
    }
}

impl From<DuplicateId> for SessionEnd {
    fn from(DuplicateId(id): DuplicateId) -> Self {
        Self::DuplicateId(id)
    }
}

impl From<Unrequested> for SessionEnd {
    fn from(_: Unrequested) -> Self {
        Self::Unrequested
    }
}

impl From<Alarm> for SessionEnd {
    fn from(alarm: Alarm) -> Self {
        match alarm {
            Alarm::Stalled => Self::Stalled,
            Alarm::Dead => Self::Dead,
            Alarm::Closing => Self::Closed,
        }
    }
}

impl From<TooManyReferences> for SessionEnd {
    fn from(_: TooManyReferences) -> Self {
        Self::TooManyReferences
    }
}

/// Drives a session over a connection until it ends. One task reads and writes:
/// an answer and the next request often share a wake.
pub(super) async fn drive<R, W>(reader: R, writer: W, session: &Arc<SessionInner>) -> SessionEnd
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut driving = pin!(read_and_write(reader, writer, session));
    let mut registered = None;
    let (mut spin, mut gathering) = (Spin::new(), Gathering::new());
    poll_fn(|cx| {
        let waker = registered.get_or_insert_with(|| {
            session.register_driver(cx.waker());
            cx.waker().clone()
        });
        if !waker.will_wake(cx.waker()) {
            session.register_driver(cx.waker());
            waker.clone_from(cx.waker());
        }
        if gathering.waits(cx, || session.may_write_more()) {
            return Poll::Pending;
        }
        let driven = driving.as_mut().poll(cx);
        if driven.is_pending() {
            let reads = session.reads.load(Ordering::Relaxed);
            spin.poll(cx, session.written(), reads);
        }
        driven
    })
    .await
}

async fn read_and_write<R, W>(reader: R, writer: W, session: &Arc<SessionInner>) -> SessionEnd
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut writing = pin!(write_out(writer, &**session, session.limits.frame_time));
    let mut scheduling = pin!(StreamScheduler::new(session));
    let mut reading = pin!(read_in(reader, session));
    let mut writes = true;
    let end = tokio::select! {
        biased;
        written = &mut writing => {
            writes = false;
            match written {
                // All is answered after a goodbye, or this end was closed.
                Ok(()) if session.is_closed() => SessionEnd::Closed,
                Ok(()) => SessionEnd::Left,
                Err(error) if error.kind() == ErrorKind::TimedOut => SessionEnd::Stalled,
                // Frames that the peer sent before are still read.
                Err(error) => {
                    session.peer_is_deaf();
                    let rest = last(&mut reading, session).await;
                    rest.unwrap_or(SessionEnd::Broken(error))
                }
            }
        }
        end = &mut reading => end,
        // Polled before the end of reading, so that the remaining items of a
        // stream are sent.
        never = &mut scheduling => match never {},
        never = clock::run(&**session) => match never {},
        alarm = poll_fn(|_| session.poll_alarm()) => alarm.into(),
    };
    if writes && end.allows_goodbye() {
        session.seal();
        // A peer that does not read the rest in time does not get it.
        let _ = last(writing, session).await;
    }
    end
}

/// Waits for the last reads or writes of a connection for a limited time, in which requests end by
/// their deadlines as before. `None` after that time.
async fn last<T>(work: impl Future<Output = T>, session: &Arc<SessionInner>) -> Option<T> {
    tokio::select! {
        done = timeout(session.limits.flush, work) => done.ok(),
        never = clock::run(&**session) => match never {},
    }
}

async fn read_in<R>(mut reader: R, session: &Arc<SessionInner>) -> SessionEnd
where
    R: AsyncRead + Unpin,
{
    let mut frames = FrameReader::new(&session.limits);
    let mut batches = Batches::new();
    // Keys of the references in the next frame, and its id.
    let mut exported = None;
    loop {
        match batches.next(frames.fill(&mut reader)).await {
            Ok(0) if frames.is_empty() => return SessionEnd::Left,
            Ok(0) => return SessionEnd::Truncated,
            Ok(_) => drop(session.reads.fetch_add(1, Ordering::Relaxed)),
            Err(error) => return error.into(),
        }
        // Time of the requests in this read: the clock is read once for all.
        let mut came = None;
        loop {
            let taken = match frames.next() {
                Ok(Some(Incoming::Whole(bytes))) => match Frame::decode(bytes) {
                    Ok(frame) => take(frame, &mut exported, &mut came, session),
                    Err(error) => Err(error.into()),
                },
                Ok(Some(Incoming::Oversized { beginning, len })) => {
                    refuse_oversized(beginning, len, &mut exported, session)
                }
                Ok(None) => break,
                Err(error) => Err(error.into()),
            };
            if let Err(end) = taken {
                return end;
            }
            if session.is_paused.load(Ordering::Relaxed) {
                poll_fn(|_| session.poll_readable()).await;
                came = None;
            }
            batches.taken().await;
        }
    }
}

/// Passes a frame on to the half of the session that it is for.
fn take(
    frame: Frame<'_>,
    exported: &mut Option<(RequestId, Vec<u64>)>,
    came: &mut Option<Instant>,
    session: &Arc<SessionInner>,
) -> Result<(), SessionEnd> {
    let keys = keys_of(&frame, exported)?;
    match frame {
        Frame::Request(envelope) => {
            session.request(&envelope, keys, *came.get_or_insert_with(Instant::now))?;
        }
        Frame::Cancel(id) => session.give_up(id),
        Frame::Credit { id, items } => session.credit(id, items),
        Frame::Waits { id, chain } => session.peer_waits(id, chain),
        Frame::Response(response) => session.complete(response, &keys)?,
        Frame::Item { id, body } => session.item(id, body, keys)?,
        Frame::End { id, failure } => session.end_reply_stream(id, ended(failure))?,
        Frame::Goodbye => session.goodbye(),
        Frame::Hello { node, url } => session.hello(node, url),
        Frame::Export { id, keys } => {
            let keys: Vec<_> = keys.iter().collect();
            session.receive_references(&keys)?;
            *exported = Some((id, keys));
        }
        Frame::Release { key } => session.release(key),
        // A kind that this version reads and does not use.
        _ => {}
    }
    Ok(())
}

/// Returns the keys of the references in a frame.
fn keys_of(
    frame: &Frame<'_>,
    exported: &mut Option<(RequestId, Vec<u64>)>,
) -> Result<Vec<u64>, SessionEnd> {
    match exported.take() {
        Some((id, keys)) if frame.id() == Some(id) => Ok(keys),
        Some(_) => Err(SessionEnd::LostReferences),
        None => Ok(Vec::new()),
    }
}

/// Fails the request, the answer or the stream of a frame over the limit of this end, of which only
/// the beginning was kept.
fn refuse_oversized(
    beginning: &[u8],
    len: usize,
    exported: &mut Option<(RequestId, Vec<u64>)>,
    session: &Arc<SessionInner>,
) -> Result<(), SessionEnd> {
    let frame = Frame::decode(beginning)?;
    let keys = keys_of(&frame, exported)?;
    let head = beginning.len() - frame.body().len();
    let limit = session.limits.longest_frame().saturating_sub(head);
    let too_large = |delivery| Failure::Codec(Box::new(CodecError::TooLarge { limit }), delivery);
    match frame {
        Frame::Request(envelope) => {
            let why = too_large(Delivery::NotDelivered);
            session.refuse_request(&envelope, &keys, why)?;
        }
        Frame::Response(Response { id, codec, .. }) => {
            let why = too_large(Delivery::MayHaveRun);
            let response = ResponseEnvelope::failure(id, codec, &why);
            session.complete(response.as_response(), &keys)?;
        }
        Frame::Item { id, .. } => {
            session.refuse_item(id, &keys, too_large(Delivery::MayHaveRun))?;
        }
        Frame::End { id, .. } => {
            session.end_reply_stream(id, Err(too_large(Delivery::MayHaveRun)))?;
        }
        // The others have no body, so the peer is no session.
        _ => return Err(FrameError::TooLarge { len }.into()),
    }
    Ok(())
}

/// Decodes the end of a stream. A failure that cannot be decoded becomes
/// another failure.
fn ended(failure: Option<(Codec, &[u8])>) -> Result<(), Failure> {
    match failure {
        None => Ok(()),
        Some((codec, body)) => Err(Failure::read(codec, body)),
    }
}
