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
use super::session::Session;
use crate::ConnectError;
use crate::clock;
use crate::frame_reader::{FrameReader, ReadError};
use crate::outbox::write_out;

/// Time for the remaining traffic at the end of a connection: unsent requests
/// when the client is closed, outstanding answers when the server no longer
/// reads.
const FLUSH: Duration = Duration::from_secs(2);

/// Keeps a client connected until it is closed.
pub(super) async fn run(guard: CloseOnDrop, dial: Dial, first: Dialled) {
    let session = &guard.0;
    let mut backoff = Backoff::new();
    let mut link = first;
    loop {
        let since = Instant::now();
        let end = match link {
            Dialled::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                drive(reader, writer, session).await
            }
            Dialled::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                drive(reader, writer, session).await
            }
        };
        session.disconnected(&end.to_string());
        if session.is_closed() {
            return;
        }
        tracing::warn!(target: "conclib::net", url = dial.url, "disconnected: {end}; connecting again");
        if since.elapsed() > LONGEST {
            backoff = Backoff::new();
        }
        match redial(session, &dial, &mut backoff).await {
            Some(again) => link = again,
            None => return,
        }
        tracing::info!(target: "conclib::net", url = dial.url, "connected again");
        session.connected();
    }
}

/// Tries to connect until it succeeds; `None` if the client is closed first.
async fn redial(session: &Session, dial: &Dial, backoff: &mut Backoff) -> Option<Dialled> {
    let mut told = Vec::new();
    loop {
        let attempt = async {
            sleep(backoff.next()).await;
            dial.dial().await
        };
        tokio::select! {
            () = session.closing.notified() => return None,
            dialled = attempt => match dialled {
                Ok(link) => return Some(link),
                Err(error) => {
                    let why = with_source(&error);
                    session.connect_failed(&why);
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
fn with_source(error: &ConnectError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Reason why a connection ended.
#[derive(Debug, thiserror::Error)]
enum DriveEnd {
    #[error("the server closed the connection")]
    Left,
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    #[error("the server sent a frame that only a client sends")]
    UnexpectedFrame,
    #[error("no data comes over the connection any more")]
    Dead,
    #[error("the client was closed")]
    Closed,
}

async fn drive<R, W>(reader: R, writer: W, session: &Arc<Session>) -> DriveEnd
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut writing = pin!(write_out(writer, &**session));
    let mut reading = pin!(read_in(reader, session));
    tokio::select! {
        biased;
        written = &mut writing => match written {
            // Either all requests are answered after a goodbye, or the client
            // is closed.
            Ok(()) => DriveEnd::Left,
            // The server no longer reads. Answers that it sent before can still
            // be read.
            Err(error) => {
                session.server_is_leaving();
                timeout(FLUSH, reading).await.unwrap_or(DriveEnd::Unread(error.into()))
            }
        },
        end = &mut reading => end,
        never = clock::run(&**session) => match never {},
        () = session.dead.notified() => DriveEnd::Dead,
        () = session.closing.notified() => {
            // A request that was not sent by then is lost, and its caller gets
            // an error.
            let _ = timeout(FLUSH, writing).await;
            DriveEnd::Closed
        }
    }
}

async fn read_in<R: AsyncRead + Unpin>(mut reader: R, session: &Arc<Session>) -> DriveEnd {
    let mut frames = FrameReader::new();
    loop {
        match frames.fill(&mut reader).await {
            Ok(0) => return DriveEnd::Left,
            Ok(_) => session.heard.store(true, Ordering::Relaxed),
            Err(error) => return DriveEnd::Unread(error),
        }
        loop {
            let frame = match frames.next() {
                Ok(Some(bytes)) => Frame::decode(bytes),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            match frame {
                Ok(Frame::Response(response)) => session.complete(response),
                Ok(Frame::Item { id, body }) => session.item(id, body),
                Ok(Frame::End { id, failure }) => session.end_stream(id, ended(failure)),
                Ok(Frame::Goodbye) => session.server_is_leaving(),
                Ok(_) => return DriveEnd::UnexpectedFrame,
                Err(error) => return DriveEnd::BadFrame(error),
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
pub(super) struct CloseOnDrop(pub(super) Arc<Session>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
        self.0.disconnected("the client has ended");
    }
}
