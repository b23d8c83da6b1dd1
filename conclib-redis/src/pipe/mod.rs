//! Pipe: a byte stream to one peer, as packets on channels.

mod reader;
mod writer;

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use conclib_net::Session;
use tokio::time::Instant;

pub(crate) use self::reader::PipeReader;
pub(crate) use self::writer::PipeWriter;
use crate::error::RedisError;
use crate::packet::Packet;
use crate::redis::Redis;
use crate::signer::Signer;

/// Bytes that may be under way or unread in one direction.
const WINDOW: usize = 1024 * 1024;

/// Time without a packet after which the peer is looked for: while one end waits for the other, and
/// while nothing is under way.
const SILENCE_BUSY: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(60);

/// Byte stream to one peer, in both directions.
///
/// A packet says how many bytes were read in the other direction: no more than a window is under
/// way. Packets have numbers. One that comes twice is dropped, and one that is missing breaks the
/// pipe; so does a packet that nobody receives.
#[derive(Clone)]
pub(crate) struct Pipe(Arc<Inner>);

struct Inner {
    redis: Arc<Redis>,
    /// Channels of both ends.
    here: Arc<str>,
    there: Arc<str>,
    /// Number of the pipe at the peer.
    to: u64,
    incoming: Signer,
    outgoing: Signer,
    session: OnceLock<Session>,
    state: Mutex<State>,
}

struct State {
    unread: VecDeque<Bytes>,
    /// Number of unread bytes.
    waiting: usize,
    /// Number of the next packet from the peer.
    next: u64,
    /// Bytes that were read, and of which the peer was told.
    read: u64,
    told: u64,
    /// Number of the next packet to the peer, and bytes that were sent and read there.
    number: u64,
    sent: u64,
    read_there: u64,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Time of the last packet from the peer.
    heard: Instant,
    /// `None` while the pipe is open; else the reason, if it broke.
    end: Option<Option<Box<str>>>,
}

/// Packet that does not fit the ones before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The packet came before.
    Repeated,
    /// A packet before this one is missing, or the peer sent more than the window. The pipe is
    /// broken.
    Broken,
}

/// Publication that is under way.
type Publishing = Pin<Box<dyn Future<Output = Result<u64, RedisError>> + Send>>;

/// Ends and signers of a pipe.
pub(crate) struct Ends {
    pub(crate) here: Arc<str>,
    pub(crate) there: Arc<str>,
    pub(crate) to: u64,
    pub(crate) incoming: Signer,
    pub(crate) outgoing: Signer,
}

impl Pipe {
    pub(crate) fn new(redis: Arc<Redis>, ends: Ends) -> Self {
        let state = State {
            unread: VecDeque::new(),
            waiting: 0,
            next: 0,
            read: 0,
            told: 0,
            number: 0,
            sent: 0,
            read_there: 0,
            reader: None,
            writer: None,
            heard: Instant::now(),
            end: None,
        };
        let Ends {
            here,
            there,
            to,
            incoming,
            outgoing,
        } = ends;
        let state = Mutex::new(state);
        Self(Arc::new(Inner {
            redis,
            here,
            there,
            to,
            incoming,
            outgoing,
            session: OnceLock::new(),
            state,
        }))
    }

    /// Splits the pipe into its directions.
    pub(crate) fn split(&self) -> (PipeReader, PipeWriter) {
        (PipeReader::new(self.clone()), PipeWriter::new(self.clone()))
    }

    /// Checks the signature of a packet for this pipe, and decodes it.
    pub(crate) fn verify(&self, packet: &Bytes) -> Option<Packet> {
        let len = self.0.incoming.verify(&self.0.here, packet)?;
        Packet::decode(packet.slice(..len))
    }

    /// Takes the bytes of a packet.
    pub(crate) fn receive(&self, number: u64, read: u64, bytes: Bytes) -> Result<(), Misfit> {
        let mut state = self.lock();
        if number < state.next {
            return Err(Misfit::Repeated);
        }
        if number > state.next || state.waiting + bytes.len() > WINDOW {
            drop(state);
            self.end(Some("a packet was lost"));
            return Err(Misfit::Broken);
        }
        state.next += 1;
        if !bytes.is_empty() {
            state.waiting += bytes.len();
            state.unread.push_back(bytes);
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        self.was_read(read);
        Ok(())
    }

    /// Notes how many bytes the peer has read.
    pub(crate) fn was_read(&self, read: u64) {
        let mut state = self.lock();
        state.heard = Instant::now();
        if read <= state.sent && read > state.read_there {
            state.read_there = read;
            let writer = state.writer.take();
            drop(state);
            if let Some(writer) = writer {
                writer.wake();
            }
        }
    }

    /// Ends the pipe: in order, or broken for a reason.
    pub(crate) fn end(&self, broken: Option<&str>) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.end = Some(broken.map(Into::into));
        }
        if broken.is_some() {
            state.unread.clear();
        }
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Tells the peer that the pipe has ended, and ends it here.
    pub(crate) async fn close(&self) {
        if self.lock().end.is_none() {
            self.end(None);
            let (there, packet) = self.farewell();
            // A peer that is not there needs no word.
            let _ = self.0.redis.publish(there, packet).await;
        }
    }

    /// Returns the packet that tells the peer of the end, and its channel.
    pub(crate) fn farewell(&self) -> (Arc<str>, Bytes) {
        let close = Packet::Close { to: self.0.to };
        let there = self.0.there.clone();
        (there.clone(), close.encode(&there, &self.0.outgoing))
    }

    /// Sets the session that runs over the pipe.
    pub(crate) fn carries(&self, session: &Session) {
        // A pipe has one session.
        let _ = self.0.session.set(session.clone());
    }

    /// Tells whether the peer was silent for so long that it may be gone.
    pub(crate) fn needs_check(&self) -> bool {
        let is_busy = self.is_busy();
        let silence = if is_busy { SILENCE_BUSY } else { SILENCE };
        self.lock().heard.elapsed() >= silence
    }

    /// Tells whether one end waits for the other.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.session.get().is_some_and(|session| {
            let stats = session.stats();
            stats.in_flight + stats.serving + stats.streams > 0
        })
    }

    /// Breaks the pipe if the peer is gone.
    pub(crate) async fn look_for_peer(&self) {
        if let Ok(0) = self.tell().await {
            self.end(Some("the peer is gone"));
        }
    }

    /// Tells the peer how many bytes were read.
    fn tell(&self) -> Publishing {
        let read = {
            let mut state = self.lock();
            state.told = state.read;
            state.read
        };
        let packet = Packet::Read {
            to: self.0.to,
            read,
        };
        let packet = packet.encode(&self.0.there, &self.0.outgoing);
        let (redis, there) = (self.0.redis.clone(), self.0.there.clone());
        Box::pin(async move { redis.publish(there, packet).await })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn broken(&self) -> io::Result<()> {
        match &self.end {
            Some(Some(why)) => Err(io::Error::other(String::from(&**why))),
            Some(None) | None => Ok(()),
        }
    }
}

/// Result of a publication: an error if the peer did not get it.
fn received(published: Result<u64, RedisError>) -> io::Result<()> {
    match published {
        Ok(0) => Err(io::Error::other("the peer is gone")),
        Ok(_) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}
