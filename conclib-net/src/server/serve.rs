//! Service for one client of a broker: reads its requests, and writes their
//! answers.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use conclib_core::wire::{Frame, FrameError, Origin, ReplySink};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;

use super::connection::{Connection, DuplicateId, Load};
use super::context::{Phase, ServerContext};
use super::stream_scheduler::StreamScheduler;
use crate::clock;
use crate::frame_reader::{FrameReader, ReadError};
use crate::outbox::write_out;

/// Reason why a connection ended.
#[derive(Debug, thiserror::Error)]
enum ServeEnd {
    #[error("the peer left")]
    Left,
    #[error("the broker is shutting down")]
    Closing,
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error("{0}")]
    BadFrame(#[from] FrameError),
    #[error("it ended in the middle of a frame")]
    Truncated,
    #[error("the peer sent an answer without a request")]
    UnexpectedFrame,
    #[error(transparent)]
    DuplicateId(#[from] DuplicateId),
    #[error("the peer does not read its answers")]
    Stalled,
}

impl ServeEnd {
    /// Tests if the peer broke the protocol.
    fn is_protocol_error(&self) -> bool {
        !matches!(
            self,
            Self::Left | Self::Closing | Self::Unread(ReadError::Broken(_))
        )
    }

    /// Tests if the peer can still be sent a last message.
    fn allows_goodbye(&self) -> bool {
        !matches!(
            self,
            Self::Left | Self::Unread(ReadError::Broken(_)) | Self::Stalled | Self::Truncated
        )
    }
}

/// Serves a client that was accepted, until either side ends the connection.
pub(super) async fn serve<R, W>(
    reader: R,
    writer: W,
    context: &ServerContext,
    origin: Origin,
    mut phases: watch::Receiver<Phase>,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let origin = Arc::new(origin);
    let connection = Arc::new(Connection::new(context.limits));
    let _guard = CancelAllOnDrop(&connection);
    let mut writing = pin!(write_out(writer, &*connection));
    let mut scheduling = pin!(StreamScheduler::new(&connection));
    let mut reading = pin!(read_in(reader, &connection, context, &origin));
    // One task reads and writes: an answer and the next request often share a
    // wake.
    let mut writes = true;
    let end = loop {
        tokio::select! {
            biased;
            // Requests that were sent before the peer stopped reading are still
            // served. The reading half notices their end.
            _ = &mut writing, if writes => {
                writes = false;
                connection.discard();
            }
            end = &mut reading => break end,
            // Polled before the end of reading, so that the remaining items of
            // a stream are sent.
            never = &mut scheduling => match never {},
            never = clock::run(&*connection) => match never {},
            () = connection.stalled.notified() => break ServeEnd::Stalled,
            changed = phases.changed() => match changed.map(|()| *phases.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Refusing) => connection.say_goodbye(),
                Ok(Phase::Closing) | Err(_) => break ServeEnd::Closing,
            },
        }
    };
    if end.is_protocol_error() {
        let so_far = context.counters.thrown_out.up();
        match so_far {
            Some(so_far) => {
                tracing::warn!(target: "conclib::net", %origin, so_far, "connection closed: {end}");
            }
            None => tracing::debug!(target: "conclib::net", %origin, "connection closed: {end}"),
        }
    } else {
        tracing::debug!(target: "conclib::net", %origin, "disconnected: {end}");
    }
    if writes && end.allows_goodbye() {
        connection.say_goodbye();
        connection.seal();
        // A peer that does not read the rest in time does not get it.
        let _ = timeout(context.limits.flush, writing).await;
    }
}

async fn read_in<R>(
    mut reader: R,
    connection: &Arc<Connection>,
    context: &ServerContext,
    origin: &Arc<Origin>,
) -> ServeEnd
where
    R: AsyncRead + Unpin,
{
    let sink: Arc<dyn ReplySink> = connection.clone();
    let mut frames = FrameReader::new();
    loop {
        match frames.fill(&mut reader).await {
            Ok(0) if frames.is_empty() => return ServeEnd::Left,
            Ok(0) => return ServeEnd::Truncated,
            Ok(_) => {}
            Err(error) => return ServeEnd::Unread(error),
        }
        loop {
            let frame = match frames.next() {
                Ok(Some(bytes)) => Frame::decode(bytes),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let done = match frame {
                Ok(Frame::Request(envelope)) => connection
                    .request(&envelope, &context.inlet, &sink, origin)
                    .map_err(ServeEnd::from),
                Ok(Frame::Cancel(id)) => Ok(connection.cancel(id)),
                Ok(Frame::Credit { id, items }) => Ok(connection.credit(id, items)),
                Ok(Frame::Waits { id, chain }) => Ok(connection.waits(id, chain)),
                Ok(Frame::Goodbye) => Ok(Load::Light),
                Ok(_) => Err(ServeEnd::UnexpectedFrame),
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

/// Cancels all requests when the task of a connection ends in any way, also by
/// an abort.
struct CancelAllOnDrop<'a>(&'a Connection);

impl Drop for CancelAllOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel_all();
    }
}
