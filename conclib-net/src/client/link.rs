//! Task of a client connection. It connects again when the connection is lost.

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

/// Time for the remaining traffic at the end of a connection: unsent requests
/// when the client is closed, outstanding answers when the server no longer
/// reads.
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
        tracing::warn!(target: "conclib::net", url = dial.url, "disconnected: {end}; connecting again");
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

/// Tries to connect until it succeeds; `None` if the client is closed first.
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
                    // A server that is not up yet is expected to come, so
                    // nothing is logged. Other refusals need a change of
                    // configuration: each kind is logged once.
                    let kind = mem::discriminant(&error);
                    if error.passes_by_itself() || told.contains(&kind) {
                        tracing::debug!(target: "conclib::net", error = why, "not connected yet");
                    } else {
                        told.push(kind);
                        tracing::warn!(target: "conclib::net", error = why, "cannot connect again, and keeps trying");
                    }
                }
            },
        }
    }
}

/// Text of an error and of its sources.
fn said(error: &ConnectError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Reason why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the server closed the connection")]
    Left,
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    #[error("the server sent a frame that only a client sends")]
    Unasked,
    #[error("no data comes over the connection any more")]
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
            // Either all requests are answered after a goodbye, or the client
            // is closed.
            Ok(()) => End::Left,
            // The server no longer reads. Answers that it sent before can still
            // be read.
            Err(error) => {
                shared.server_leaves();
                timeout(FLUSH, reading).await.unwrap_or(End::Unread(error.into()))
            }
        },
        end = &mut reading => end,
        never = clock::keep(&**shared) => match never {},
        () = shared.dead.notified() => End::Dead,
        () = shared.closing.notified() => {
            // A request that was not sent by then is lost, and its caller gets
            // an error.
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

/// Decodes the end of a stream. A failure that cannot be decoded becomes
/// another failure.
fn ended(failure: Option<(Codec, &[u8])>) -> Result<(), Failure> {
    match failure {
        None => Ok(()),
        Some((codec, body)) => Err(codec.decode(body).unwrap_or(Failure::NoReply)),
    }
}

/// Fails all requests when the task ends in any way, also if the runtime never
/// ran it: no caller is left waiting.
pub(super) struct Ending(pub(super) Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
        self.0.disconnected("the client has ended");
    }
}
