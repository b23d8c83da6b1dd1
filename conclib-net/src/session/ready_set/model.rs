//! Model of the set of ready streams and its scheduler, run in thousands of interleavings. A lost
//! wake-up shows as a deadlock of the model.

use std::future::poll_fn;
use std::task::Poll;

use super::*;
use crate::sync::model::{block_on, check, join, thread};

/// An insert reaches the scheduler, also while the scheduler registers.
#[test]
fn the_scheduler_gets_a_stream() {
    check(|| {
        let set = Arc::new(ReadySet::default());
        let stream = set.clone();
        let stream = thread::spawn(move || stream.insert(RequestId::from_u128(1)));
        let mut is_registered = false;
        block_on(poll_fn(|cx| {
            if !std::mem::replace(&mut is_registered, true) {
                set.register(cx.waker().clone());
            }
            match set.take() {
                Some(ids) if !ids.is_empty() => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }));
        join(stream);
    });
}
