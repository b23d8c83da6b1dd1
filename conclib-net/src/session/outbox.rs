//! Frames to send over a link.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use conclib_core::wire::{Frame, FrameError, RequestId};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::shares::Target;

/// Maximum capacity that the buffer keeps after a write. A larger one is
/// shrunk.
const KEPT: usize = 64 * 1024;

/// Length of a body from which its frame goes into the lane of large frames.
const LARGE: usize = 64 * 1024;

/// Encoded frames that wait to be written, in two lanes.
///
/// Senders append here, and the task of the link takes a whole lane of small
/// frames at once. So requests that are under way together are sent together,
/// and no sender waits for others. A large frame has a buffer of its own, and is
/// written between two batches of small ones: a small frame waits for one large
/// frame at most. A frame that must not overtake a large one, since it is for
/// the same actor or about the same request, follows in the lane of large
/// frames; and a large frame overtakes none of the small ones that were there
/// before it.
///
/// The owner keeps this under a lock, and wakes the writer when
/// [`has_work`](Self::has_work) becomes true.
#[derive(Default)]
pub(crate) struct Outbox {
    small: Vec<u8>,
    large: VecDeque<LargeFrame>,
    /// Number of bytes in `large`.
    large_bytes: usize,
    /// Numbers of bytes that were put into the lanes since the link is up.
    pushed: [u64; 2],
    /// Number of bytes that the writer has taken and perhaps not written yet.
    taken: usize,
    /// Lane of the bytes that the writer took last.
    last: Lane,
    sealed: bool,
}

struct LargeFrame {
    id: Option<RequestId>,
    target: Option<Target>,
    bytes: Vec<u8>,
    /// Number of bytes of the lane of small frames that go before it.
    after: u64,
}

/// Lane of an [`Outbox`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lane {
    Small,
    #[default]
    Large,
}

/// End of a frame in its lane, in bytes since the link is up. The peer cannot
/// have all of the frame before that many bytes of the lane were written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) lane: Lane,
    pub(crate) end: u64,
}

impl Outbox {
    /// Appends a frame, to the actor of that name if it is a request, and
    /// returns its position.
    pub(crate) fn push(
        &mut self,
        frame: &Frame<'_>,
        target: Option<Target>,
    ) -> Result<Position, FrameError> {
        self.push_pair(None, frame, target)
    }

    /// Appends a frame like [`push`](Self::push), with another one directly
    /// before it.
    pub(crate) fn push_pair(
        &mut self,
        first: Option<&Frame<'_>>,
        frame: &Frame<'_>,
        target: Option<Target>,
    ) -> Result<Position, FrameError> {
        self.push_into(self.lane(frame, target), first, frame, target)
    }

    /// Appends the last frame, which overtakes none of either lane, and accepts
    /// no more.
    pub(crate) fn seal_with(&mut self, frame: &Frame<'_>) -> Result<(), FrameError> {
        let lane = match self.large.is_empty() {
            true => Lane::Small,
            false => Lane::Large,
        };
        let pushed = self.push_into(lane, None, frame, None);
        self.seal();
        pushed.map(drop)
    }

    fn push_into(
        &mut self,
        lane: Lane,
        first: Option<&Frame<'_>>,
        frame: &Frame<'_>,
        target: Option<Target>,
    ) -> Result<Position, FrameError> {
        let pushed = self.pushed[lane as usize];
        if self.sealed {
            return Ok(Position { lane, end: pushed });
        }
        let len = match lane {
            Lane::Small => {
                let before = self.small.len();
                if let Err(error) = encode(first, frame, &mut self.small) {
                    self.small.truncate(before);
                    return Err(error);
                }
                self.small.len() - before
            }
            Lane::Large => {
                let mut bytes = Vec::with_capacity(frame.body().len() + 256);
                encode(first, frame, &mut bytes)?;
                let len = bytes.len();
                self.large_bytes += len;
                self.large.push_back(LargeFrame {
                    id: frame.id(),
                    target,
                    bytes,
                    after: self.pushed[Lane::Small as usize],
                });
                len
            }
        };
        let end = pushed + len as u64;
        self.pushed[lane as usize] = end;
        Ok(Position { lane, end })
    }

    fn lane(&self, frame: &Frame<'_>, target: Option<Target>) -> Lane {
        if frame.body().len() >= LARGE {
            return Lane::Large;
        }
        if self.large.is_empty() {
            return Lane::Small;
        }
        let id = frame.id();
        // An actor that the peer let go is kept until all that was sent to it before has come.
        let follows = matches!(frame, Frame::Release { .. })
            || self.large.iter().any(|large| {
                (id.is_some() && large.id == id) || (target.is_some() && large.target == target)
            });
        match follows {
            true => Lane::Large,
            false => Lane::Small,
        }
    }

    /// Tests if the writer has to take bytes, or to end.
    pub(crate) fn has_work(&self) -> bool {
        self.sealed || !self.small.is_empty() || !self.large.is_empty()
    }

    /// Number of bytes that the writer has taken and perhaps not written yet.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Number of bytes that wait, or are being written. Bytes that the writer has
    /// written count until it takes again.
    pub(crate) fn waiting(&self) -> usize {
        self.small.len() + self.large_bytes + self.taken
    }

    /// Number of bytes that are not written yet, if so many of all were written.
    pub(crate) fn unwritten(&self, written: u64) -> usize {
        let pushed: u64 = self.pushed.iter().sum();
        let unwritten = pushed.saturating_sub(written);
        usize::try_from(unwritten).map_or(usize::MAX, |bytes| bytes.min(self.waiting()))
    }

    /// Accepts no more frames. The writer ends when it has written the rest.
    pub(crate) fn seal(&mut self) {
        self.sealed = true;
    }

    /// Accepts no more frames, and drops the rest.
    pub(crate) fn discard(&mut self) {
        *self = Self {
            pushed: self.pushed,
            sealed: true,
            ..Self::default()
        };
    }

    /// Swaps the frames of a lane with the empty buffer of the writer. `None`
    /// when all is written and sealed.
    pub(crate) fn poll_take(&mut self, empty: &mut Vec<u8>) -> Poll<Option<Lane>> {
        let taken = self.pushed[Lane::Small as usize] - self.small.len() as u64;
        let overtakes = self.large.front().is_some_and(|large| large.after > taken);
        let is_largest_turn = self.small.is_empty() || (self.last == Lane::Small && !overtakes);
        let lane = match is_largest_turn {
            true => self.large.pop_front(),
            false => None,
        };
        self.last = match lane {
            Some(large) => {
                self.large_bytes -= large.bytes.len();
                *empty = large.bytes;
                Lane::Large
            }
            None if !self.small.is_empty() => {
                std::mem::swap(&mut self.small, empty);
                Lane::Small
            }
            None => {
                self.taken = 0;
                if self.sealed {
                    return Poll::Ready(None);
                }
                return Poll::Pending;
            }
        };
        self.taken = empty.len();
        Poll::Ready(Some(self.last))
    }
}

fn encode(
    first: Option<&Frame<'_>>,
    frame: &Frame<'_>,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    if let Some(first) = first {
        first.encode(out)?;
    }
    frame.encode(out)
}

/// Source of bytes for a writer: an [`Outbox`] and the lock around it.
pub(crate) trait ByteSource {
    /// See [`Outbox::poll_take`]. The source wakes the task that polls, when
    /// there is more to take.
    fn poll_take(&self, empty: &mut Vec<u8>) -> Poll<Option<Lane>>;

    /// Counts bytes of a lane that were handed to the operating system.
    fn wrote(&self, lane: Lane, bytes: usize);
}

/// Writes the frames of `source` until it is sealed; then closes this
/// direction.
///
/// # Errors
/// The connection broke, or the peer took no byte for `time`: `TimedOut`.
pub(crate) async fn write_out<W>(
    mut writer: W,
    source: &impl ByteSource,
    time: Duration,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut bytes = Vec::new();
    while let Some(lane) = poll_fn(|_| source.poll_take(&mut bytes)).await {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let written = in_time(writer.write(rest), time).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            source.wrote(lane, written);
            rest = &rest[written..];
        }
        in_time(writer.flush(), time).await?;
        bytes.clear();
        bytes.shrink_to(KEPT);
    }
    writer.shutdown().await
}

/// Writes, for `time` at most. The clock is read only if the peer does not take
/// the bytes at once.
async fn in_time<T>(writing: impl Future<Output = io::Result<T>>, time: Duration) -> io::Result<T> {
    let mut writing = pin!(writing);
    let mut at_once = None;
    poll_fn(|cx| {
        if let Poll::Ready(written) = writing.as_mut().poll(cx) {
            at_once = Some(written);
        }
        Poll::Ready(())
    })
    .await;
    match at_once {
        Some(written) => written,
        None => timeout(time, writing)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use conclib_core::wire::{Codec, Response, ResponseKind};

    fn response(id: u128, body: &[u8]) -> Frame<'_> {
        Frame::Response(Response {
            id: RequestId::from_u128(id),
            kind: ResponseKind::Reply,
            codec: Codec::Bincode,
            body,
        })
    }

    fn take(outbox: &mut Outbox) -> Option<(Lane, Vec<u8>)> {
        let mut bytes = Vec::new();
        match outbox.poll_take(&mut bytes) {
            Poll::Ready(Some(lane)) => Some((lane, bytes)),
            Poll::Ready(None) | Poll::Pending => None,
        }
    }

    #[test]
    fn a_small_frame_waits_for_one_large_frame_at_most() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        for id in 0..3 {
            outbox.push(&response(id, &large), None).unwrap();
        }
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Large);
        outbox.push(&response(7, b"small"), None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Small);
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Large);
        outbox.push(&response(8, b"small"), None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Small);
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Large);
        assert_eq!(take(&mut outbox), None);
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn a_reference_is_released_after_the_messages_to_its_actor() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        outbox.push(&response(1, &large), None).unwrap();
        outbox.push(&Frame::Release { key: 7 }, None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().1.len() / LARGE, 1);
        let mut release = Vec::new();
        Frame::Release { key: 7 }.encode(&mut release).unwrap();
        assert_eq!(take(&mut outbox), Some((Lane::Large, release)));
    }

    #[test]
    fn the_last_frame_overtakes_no_other() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        for id in 0..2 {
            outbox.push(&response(id, &large), None).unwrap();
        }
        outbox.push(&response(7, b"small"), None).unwrap();
        outbox.seal_with(&Frame::Goodbye).unwrap();
        outbox.push(&response(8, b"late"), None).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| take(&mut outbox)).collect();
        let mut goodbye = Vec::new();
        Frame::Goodbye.encode(&mut goodbye).unwrap();
        assert_eq!((taken.len(), &taken[3].1), (4, &goodbye));
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn a_frame_about_the_same_request_does_not_overtake_a_large_one() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        outbox.push(&response(1, &large), None).unwrap();
        let id = RequestId::from_u128(1);
        let end = outbox
            .push(&Frame::End { id, failure: None }, None)
            .unwrap();
        let other = outbox.push(&response(2, b"small"), None).unwrap();
        assert_eq!((end.lane, other.lane), (Lane::Large, Lane::Small));
    }

    #[test]
    fn a_large_frame_does_not_overtake_the_small_ones_before_it() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        outbox.push(&response(1, b"small"), None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Small);
        // The turn of the large frames, of which there is none yet.
        outbox.push(&response(2, b"small"), None).unwrap();
        outbox.push(&response(2, &large), None).unwrap();
        outbox.push(&response(3, &large), None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Small);
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Large);
        outbox.push(&response(4, b"small"), None).unwrap();
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Small);
        assert_eq!(take(&mut outbox).unwrap().0, Lane::Large);
    }

    #[test]
    fn a_request_does_not_overtake_a_large_one_to_the_same_actor() {
        let (mut outbox, large) = (Outbox::default(), vec![0; LARGE]);
        let [desk, bell] = ["desk", "bell"].map(|name| Some(Target::of(name)));
        outbox.push(&response(1, &large), desk).unwrap();
        assert_eq!(
            outbox.push(&response(2, b""), desk).unwrap().lane,
            Lane::Large
        );
        assert_eq!(
            outbox.push(&response(3, b""), bell).unwrap().lane,
            Lane::Small
        );
    }
}
