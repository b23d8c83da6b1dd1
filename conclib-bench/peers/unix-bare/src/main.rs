//! Bare round trip as written by hand: `LengthDelimitedCodec` over a tokio
//! socket, frames as long as conclib's, without ids, serde and names. All
//! requests that are there are answered before the replies are flushed.

use std::path::Path;
use std::process::ExitCode;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{SinkExt, Stream, StreamExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use unix_harness::RoundTrip;

/// Request as long as conclib's for `Add` to `adder`, without its length
/// prefix.
const REQUEST: &[u8] = &[1; 53];
/// Reply as long as conclib's.
const REPLY: &[u8] = &[2; 28];

struct Bare(Framed<UnixStream, LengthDelimitedCodec>);

impl RoundTrip for Bare {
    async fn serve(path: &Path, ready: impl FnOnce()) {
        let listener = UnixListener::bind(path).expect("the path is free");
        ready();
        let (stream, _) = listener.accept().await.expect("a client comes");
        let mut framed = Framed::new(stream, LengthDelimitedCodec::new());
        while let Some(request) = next(&mut framed).await {
            assert_eq!(request, REQUEST.len());
            framed.feed(Bytes::from_static(REPLY)).await.expect("it is open");
        }
    }

    async fn connect(path: &Path) -> Self {
        let stream = UnixStream::connect(path).await.expect("it is there");
        Self(Framed::new(stream, LengthDelimitedCodec::new()))
    }

    async fn go(&mut self, rounds: u64, in_flight: u64) {
        for _ in 0..in_flight {
            self.0.feed(Bytes::from_static(REQUEST)).await.expect("it is open");
        }
        for done in 0..rounds {
            assert_eq!(next(&mut self.0).await, Some(REPLY.len()));
            if done + in_flight < rounds {
                self.0.feed(Bytes::from_static(REQUEST)).await.expect("it is open");
            }
        }
    }
}

/// Returns the length of the next frame. Buffered replies are sent before the
/// wait.
async fn next(framed: &mut Framed<UnixStream, LengthDelimitedCodec>) -> Option<usize> {
    let at_once = std::future::poll_fn(|cx| {
        let next = std::pin::Pin::new(&mut *framed).poll_next(cx);
        Poll::Ready(match next {
            Poll::Ready(frame) => Some(frame),
            Poll::Pending => None,
        })
    });
    let frame = match at_once.await {
        Some(frame) => frame,
        None => {
            SinkExt::<Bytes>::flush(framed).await.ok()?;
            framed.next().await
        }
    };
    Some(frame?.ok()?.len())
}

fn main() -> ExitCode {
    unix_harness::main::<Bare>()
}
