//! The task that has a client's connection, and makes a new one when it is
//! lost.

use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conclib_core::__private::Failure;
use conclib_core::wire::{Codec, Frame, FrameError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout};

use super::backoff::{Backoff, LONGEST};
use super::dial::{Dial, Dialled};
use super::shared::Shared;
use crate::ConnectError;
use crate::clock;
use crate::incoming::{Incoming, ReadError};
use crate::outbox::write_out;

/// Time that the rest may take at the end of a connection: requests to leave when
/// the client is closed, answers to arrive when the server no longer listens.
const FLUSH: Duration = Duration::from_secs(2);

/// Keeps a client connected until it is closed.
pub(super) async fn run(ending: Ending, dial: Dial, first: Dialled) {
    let shared = &ending.0;
    let mut backoff = Backoff::new();
    let mut link = first;
    loop {
        let since = Instant::now();
        let end = match link {
            Dialled::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                drive(reader, writer, shared).await
            }
            Dialled::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                drive(reader, writer, shared).await
            }
        };
        shared.disconnected(&end.to_string());
        if shared.is_closed() {
            return;
        }
        tracing::warn!(target: "conclib::net", url = dial.url, "disconnected: {end}; trying to come back");
        if since.elapsed() > LONGEST {
            backoff = Backoff::new();
        }
        match redial(shared, &dial, &mut backoff).await {
            Some(again) => link = again,
            None => return,
        }
        tracing::info!(target: "conclib::net", url = dial.url, "connected again");
        shared.connected();
    }
}

/// Tries until there is a connection; `None` if the client is closed first.
async fn redial(shared: &Shared, dial: &Dial, backoff: &mut Backoff) -> Option<Dialled> {
    let mut told = Vec::new();
    loop {
        let attempt = async {
            sleep(backoff.next()).await;
            dial.dial().await
        };
        tokio::select! {
            () = shared.closing.notified() => return None,
            dialled = attempt => match dialled {
                Ok(link) => return Some(link),
                Err(error) => {
                    let why = said(&error);
                    shared.not_back(&why);
                    // A server that is not there yet is no news, and comes.
                    // A refusal needs a human hand: each kind of it is told once.
                    let kind = mem::discriminant(&error);
                    if error.passes_by_itself() || told.contains(&kind) {
                        tracing::debug!(target: "conclib::net", error = why, "not back yet");
                    } else {
                        told.push(kind);
                        tracing::warn!(target: "conclib::net", error = why, "cannot come back, and goes on trying");
                    }
                }
            },
        }
    }
}

/// Text of an error and of its causes.
fn said(error: &ConnectError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the server left")]
    Left,
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    #[error("the server sent what only a client sends")]
    Unasked,
    #[error("nothing comes over the connection any more")]
    Dead,
    #[error("the client was closed")]
    Closed,
}

async fn drive<R, W>(reader: R, writer: W, shared: &Arc<Shared>) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut writing = pin!(write_out(writer, &**shared));
    let mut reading = pin!(read_in(reader, shared));
    tokio::select! {
        biased;
        written = &mut writing => match written {
            // After a goodbye, everything is answered; or the client is closed.
            Ok(()) => End::Left,
            // The server no longer reads. What it has answered is still there.
            Err(error) => {
                shared.server_leaves();
                timeout(FLUSH, reading).await.unwrap_or(End::Unread(error.into()))
            }
        },
        end = &mut reading => end,
        never = clock::keep(&**shared) => match never {},
        () = shared.dead.notified() => End::Dead,
        () = shared.closing.notified() => {
            // A request that is not out by then is lost, and its caller is told so.
            let _ = timeout(FLUSH, writing).await;
            End::Closed
        }
    }
}

async fn read_in<R: AsyncRead + Unpin>(mut reader: R, shared: &Arc<Shared>) -> End {
    let mut incoming = Incoming::new();
    loop {
        match incoming.fill(&mut reader).await {
            Ok(0) => return End::Left,
            Ok(_) => shared.heard.store(true, Ordering::Relaxed),
            Err(error) => return End::Unread(error),
        }
        loop {
            let frame = match incoming.next() {
                Ok(Some(bytes)) => Frame::decode(bytes),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            match frame {
                Ok(Frame::Response(response)) => shared.complete(response),
                Ok(Frame::Item { id, body }) => shared.item(id, body),
                Ok(Frame::End { id, failure }) => shared.end_stream(id, ended(failure)),
                Ok(Frame::Goodbye) => shared.server_leaves(),
                Ok(_) => return End::Unasked,
                Err(error) => return End::BadFrame(error),
            }
        }
    }
}

/// Reads the end of a stream. A failure that cannot be read is one.
fn ended(failure: Option<(Codec, &[u8])>) -> Result<(), Failure> {
    match failure {
        None => Ok(()),
        Some((codec, body)) => Err(codec.decode(body).unwrap_or(Failure::NoReply)),
    }
}

/// However the task ends, also with a runtime that never ran it: nobody is
/// left waiting.
pub(super) struct Ending(pub(super) Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
        self.0.disconnected("the client has ended");
    }
}
