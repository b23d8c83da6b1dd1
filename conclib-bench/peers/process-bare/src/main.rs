//! A process started by hand: fork and exec with one end of a socket pair as
//! standard input, and `LengthDelimitedCodec` over it, without ids, serde and
//! names. A frame that begins with 1 is answered; others are counted.

use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, ExitCode, Stdio};
use std::task::Poll;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{SinkExt, Stream, StreamExt};
use process_harness::{ChildProcess, NOTE};
use tokio::net::UnixStream;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

type Frames = Framed<UnixStream, LengthDelimitedCodec>;

/// Length of conclib's frame of a request, without its length prefix.
const REQUEST: usize = 84;
/// Reply as long as conclib's.
const REPLY: &[u8] = &[2; 28];
/// Argument of a child.
const CHILD: &str = "--child";

struct Bare {
    process: Child,
    frames: Frames,
}

impl ChildProcess for Bare {
    async fn start(cpu: Option<usize>) -> Self {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
        ours.set_nonblocking(true).expect("it can be set");
        let program = std::env::current_exe().expect("there is a program");
        let mut command = Command::new(program);
        command.arg(CHILD).args(cpu.map(|cpu| cpu.to_string()));
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        let process = command.spawn().expect("the process starts");
        let stream = UnixStream::from_std(ours).expect("it is a socket");
        let mut child = Self { process, frames: frames(stream) };
        child.ask(1, 1).await.expect("it answers");
        child
    }

    async fn ask(&mut self, rounds: u64, in_flight: u64) -> Option<()> {
        self.go(frame(1, REQUEST), rounds, in_flight).await
    }

    async fn tell(&mut self, messages: u64) -> Option<()> {
        for _ in 0..messages {
            self.frames.feed(frame(0, NOTE)).await.ok()?;
        }
        self.ask(1, 1).await
    }

    async fn send(&mut self, messages: u64, bytes: usize) -> Option<()> {
        let body = frame(1, bytes);
        for _ in 0..messages {
            // A copy, as one of the caller's body.
            self.go(Bytes::copy_from_slice(&body), 1, 1).await?;
        }
        Some(())
    }
}

impl Bare {
    async fn go(&mut self, request: Bytes, rounds: u64, in_flight: u64) -> Option<()> {
        for _ in 0..in_flight {
            self.frames.feed(request.clone()).await.ok()?;
        }
        for done in 0..rounds {
            next(&mut self.frames).await?;
            if done + in_flight < rounds {
                self.frames.feed(request.clone()).await.ok()?;
            }
        }
        Some(())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // Killing it is enough: the child has no data to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn frames(stream: UnixStream) -> Frames {
    LengthDelimitedCodec::builder().max_frame_length(1 << 24).new_framed(stream)
}

fn frame(kind: u8, bytes: usize) -> Bytes {
    let mut frame = BytesMut::zeroed(bytes);
    (&mut frame[..]).put_u8(kind);
    frame.freeze()
}

/// Returns the next frame. Buffered frames are sent before the wait.
async fn next(frames: &mut Frames) -> Option<BytesMut> {
    let at_once = std::future::poll_fn(|cx| {
        let next = std::pin::Pin::new(&mut *frames).poll_next(cx);
        Poll::Ready(match next {
            Poll::Ready(frame) => Some(frame),
            Poll::Pending => None,
        })
    });
    let frame = match at_once.await {
        Some(frame) => frame,
        None => {
            SinkExt::<Bytes>::flush(frames).await.ok()?;
            frames.next().await
        }
    };
    frame?.ok()
}

/// Runs the child.
async fn child() {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().expect("it is a socket");
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true).expect("it can be set");
    let mut frames = frames(UnixStream::from_std(socket).expect("it is a socket"));
    while let Some(frame) = next(&mut frames).await {
        if frame[0] == 1 {
            frames.feed(Bytes::from_static(REPLY)).await.expect("it is open");
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|arg| arg == CHILD) {
        if let Some(cpu) = args.get(2) {
            process_harness::pin_to(cpu);
        }
        process_harness::build("current").block_on(child());
        return ExitCode::SUCCESS;
    }
    process_harness::main::<Bare>()
}
