//! Streams of replies, their credit, and their cancellation.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_core::__private::Failure;
use conclib_core::wire::{FIRST_CREDIT, StreamSource};

use super::ends::{Came, End, Handler, Pair, ask, run, stream};
use crate::session::{LinkLimits, Session};
use crate::sync::model::{block_on, join, one_of, thread};

/// Stream of so many numbers, made by another thread than the one that reads them.
struct Numbers {
    sent: u32,
    count: u32,
}

impl StreamSource for Numbers {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        if self.sent == self.count {
            return Poll::Ready(None);
        }
        if self.sent == 1 && self.count == 3 {
            // Resumes later, by another thread.
            self.count = 2;
            let waker = cx.waker().clone();
            drop(thread::spawn(move || waker.wake()));
            return Poll::Pending;
        }
        self.sent += 1;
        Poll::Ready(Some(Ok(self.sent.to_be_bytes().into())))
    }
}

fn numbers(count: u32) -> Arc<Handler> {
    Arc::new(move |_, _, answerer| stream(answerer, Numbers { sent: 0, count }))
}

fn ends(count: u32) -> [End; 2] {
    [(); 2].map(|()| End::new(LinkLimits::default(), numbers(count)))
}

/// Reads a stream up to some item, or to its end; checks the order of its items. Returns the number
/// of items.
fn reader(session: &Session, up_to: u32) -> thread::JoinHandle<Option<u32>> {
    let session = session.clone();
    thread::spawn(move || {
        let sent = ask(&session, "desk", None, |_, _| {})?;
        let Ok(Came::Stream(mut items)) = block_on(sent.answer) else {
            return None;
        };
        for read in 1..=up_to {
            match block_on(poll_fn(|cx| items.poll_body(cx))) {
                Some(Ok(body)) => assert_eq!(*body, read.to_be_bytes()),
                None => return Some(read - 1),
                Some(Err(_)) => return None,
            }
        }
        Some(up_to)
    })
}

#[test]
fn streams_of_both_ends_arrive_whole() {
    run(|| {
        let pair = Pair::over(ends(3), 1);
        let readers = [0, 1].map(|end| reader(&pair.ends[end].session, 9));
        for reader in readers {
            assert_eq!(join(reader), Some(2));
        }
        pair.end();
    });
}

#[test]
fn a_stream_goes_on_when_its_reader_has_read() {
    run(|| {
        let count = FIRST_CREDIT + 2;
        let pair = Pair::over(ends(count), 1);
        let reader = reader(&pair.ends[0].session, count + 1);
        assert_eq!(join(reader), Some(count));
        pair.end();
    });
}

#[test]
fn a_stream_ends_when_its_reader_leaves_or_the_connection_is_cut() {
    run(|| {
        let pair = Pair::over(ends(3), 1);
        let readers = [0, 1].map(|end| reader(&pair.ends[end].session, one_of(3) as u32));
        let cut = (one_of(2) == 0).then(|| pair.cut(0));
        for reader in readers {
            join(reader);
        }
        cut.into_iter().for_each(join);
        pair.end();
    });
}

/// Stream that never has an item.
struct Silence;

impl StreamSource for Silence {
    fn poll_body(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        Poll::Pending
    }
}

#[test]
fn a_stream_that_waits_ends_when_its_reader_leaves() {
    run(|| {
        let ends = [(); 2].map(|()| {
            let handler: Arc<Handler> = Arc::new(|_, _, answerer| stream(answerer, Silence));
            End::new(LinkLimits::default(), handler)
        });
        let pair = Pair::over(ends, 1);
        assert_eq!(join(reader(&pair.ends[0].session, 0)), Some(0));
        pair.settle();
        pair.end();
    });
}
