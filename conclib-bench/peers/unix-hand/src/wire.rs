//! Messages on the socket, and the task that writes them.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

/// Number of frames that wait to be written before senders wait.
const WAITING: usize = 256;

#[derive(Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    /// Name of the actor.
    pub to: String,
    pub by: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Response {
    pub id: u64,
    pub reply: Result<u64, String>,
}

/// Reading half of a connection.
pub struct Reader(FramedRead<OwnedReadHalf, LengthDelimitedCodec>);

impl Reader {
    /// Returns the next message; `None` at the end of the connection.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        let frame = self.0.next().await?.ok()?;
        let config = bincode::config::standard();
        let (message, _) = bincode::serde::decode_from_slice(&frame, config).ok()?;
        Some(message)
    }
}

/// Sender of messages to the task that writes.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Bytes>);

impl Writer {
    /// Encodes a message and queues it.
    pub async fn send(&self, message: &impl Serialize) {
        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(message, config).expect("it can be encoded");
        // A connection that is gone needs no message.
        let _ = self.0.send(bytes.into()).await;
    }
}

/// Splits a connection, and spawns the task that writes to it.
pub fn split(stream: UnixStream) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    let (sender, frames) = mpsc::channel(WAITING);
    let writer = FramedWrite::new(writer, LengthDelimitedCodec::new());
    tokio::spawn(write(writer, frames));
    let reader = FramedRead::new(reader, LengthDelimitedCodec::new());
    (Reader(reader), Writer(sender))
}

/// Writes all frames that are queued before it flushes.
async fn write(
    mut writer: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
    mut frames: mpsc::Receiver<Bytes>,
) {
    while let Some(frame) = frames.recv().await {
        let mut next = Some(frame);
        while let Some(frame) = next {
            if writer.feed(frame).await.is_err() {
                return;
            }
            next = frames.try_recv().ok();
        }
        if SinkExt::<Bytes>::flush(&mut writer).await.is_err() {
            return;
        }
    }
}
