//! Two halves of a connection that is ready for frames, of any transport.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::record::{RecordKeys, RecordReader, RecordWriter};

/// Reading and writing half of a connection after its handshake.
pub(crate) struct Halves {
    pub(crate) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
}

impl Halves {
    /// Joins the halves of a stream, whose bytes are in signed records if there
    /// are keys.
    pub(crate) fn new<R, W>((reader, writer): (R, W), keys: Option<RecordKeys>) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        match keys {
            None => Self {
                reader: Box::new(reader),
                writer: Box::new(writer),
            },
            Some(keys) => Self {
                reader: Box::new(RecordReader::new(reader, keys.incoming)),
                writer: Box::new(RecordWriter::new(writer, keys.outgoing)),
            },
        }
    }
}
