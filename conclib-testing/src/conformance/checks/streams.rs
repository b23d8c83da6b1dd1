//! Streams of replies: complete and in order, or ended by an error; bounded by their readers.

use conclib_core::{AskError, Items};

use super::{Stage, SubjectCalls, SubjectCount, ask};

/// Items that a stream may be ahead of its reader, at both ends together.
const AHEAD: u64 = 64;

const ENDLESS: u64 = u64::MAX;

/// Reads to the end, which has to be an error, and returns it.
async fn failure(items: &mut Items<u64>) -> AskError {
    let mut read = 0;
    loop {
        match items.next().await {
            Some(Ok(_)) => read += 1,
            Some(Err(error)) => {
                assert!(read <= AHEAD, "{read} items after the end");
                assert_eq!(items.next().await, None, "the error is the last item");
                return error;
            }
            None => panic!("a silent end after {read} items"),
        }
    }
}

/// Ten thousand items; an empty stream; a stream after those.
pub async fn items_come_complete_and_in_order(at: &mut Stage) {
    for to in [10_000, 0, 3] {
        let mut items = at.subject.count(to, None).await.unwrap();
        for n in 0..to {
            assert_eq!(items.next().await, Some(Ok(n)));
        }
        assert_eq!(items.next().await, None);
        assert_eq!(items.next().await, None);
    }
    at.probe.until(|record| record.open == 0).await;
}

/// A stream is a limited number of items ahead of its reader.
pub async fn a_slow_reader_bounds_the_items_that_are_made(at: &mut Stage) {
    let mut items = at.subject.count(ENDLESS, None).await.unwrap();
    let mut read = 0;
    for _ in 0..3 {
        at.probe.until(|record| record.made > read).await;
        for n in 0..50 {
            assert_eq!(at.subject.double(n).await, Ok(2 * n));
        }
        let made = at.probe.record().made;
        assert!(made <= read + AHEAD, "{made} made, {read} read");
        for _ in 0..100 {
            assert_eq!(items.next().await, Some(Ok(read)));
            read += 1;
        }
    }
}

/// Readers that do not read, on the connection of others that do.
pub async fn readers_that_do_not_read_hold_up_no_other(at: &mut Stage) {
    let mut unread = Vec::new();
    for _ in 0..50 {
        unread.push(at.subject.count(ENDLESS, None).await.unwrap());
    }
    for n in 0..100 {
        assert_eq!(at.subject.double(n).await, Ok(2 * n));
    }
    let mut items = at.subject.count(1000, None).await.unwrap();
    for n in 0..1000 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    drop(unread);
    at.probe.until(|record| record.open == 0).await;
}

/// A dropped reader ends the stream: one that has read, one that has not, and one whose asker
/// has gone before.
pub async fn a_reader_that_leaves_ends_the_stream(at: &mut Stage) {
    let mut read = at.subject.count(ENDLESS, None).await.unwrap();
    let unread = at.subject.count(ENDLESS, None).await.unwrap();
    assert_eq!(read.next().await, Some(Ok(0)));
    drop((read, unread));
    at.probe.until(|record| record.open == 0).await;
    let answer = at.subject.count(ENDLESS, None).reply().await.unwrap();
    at.probe.until(|record| record.open == 1).await;
    drop(answer);
    at.probe.until(|record| record.open == 0).await;
    assert_eq!(at.subject.double(1).await, Ok(2));
}

/// A stream that panics gives its items, and then the panic.
pub async fn a_stream_that_panics_ends_in_that_error(at: &mut Stage) {
    let mut items = at.subject.count(ENDLESS, Some(3)).await.unwrap();
    for n in 0..3 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    let error = failure(&mut items).await;
    assert!(matches!(error, AskError::Panicked { .. }), "{error}");
    at.local.stopped().await;
    at.probe.until(|record| record.open == 0).await;
}

/// The end of the actor is no silent end of its streams.
pub async fn the_end_of_the_actor_ends_its_streams_in_an_error(at: &mut Stage) {
    let mut items = at.subject.count(ENDLESS, None).await.unwrap();
    assert_eq!(items.next().await, Some(Ok(0)));
    at.local.kill().await;
    let error = failure(&mut items).await;
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    at.probe.until(|record| record.open == 0).await;
}

/// A lost connection is no silent end of a stream, and ends it at both ends.
pub async fn a_lost_connection_ends_its_streams_in_an_error(at: &mut Stage) {
    let mut items = at.subject.count(ENDLESS, None).await.unwrap();
    assert_eq!(items.next().await, Some(Ok(0)));
    at.link().cut().await;
    let error = failure(&mut items).await;
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    at.probe.until(|record| record.open == 0).await;
}

/// Several streams and asks at once.
pub async fn streams_and_asks_share_a_connection(at: &mut Stage) {
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut items = at.subject.count(2000, None).await.unwrap();
        streams.push(tokio::spawn(async move {
            let mut sum = 0;
            while let Some(item) = items.next().await {
                sum += item.unwrap();
            }
            sum
        }));
    }
    let asks: Vec<_> = (0..200)
        .map(|n| ask(at.subject.double(n).owned()))
        .collect();
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await.unwrap(), Ok(2 * n));
    }
    for stream in streams {
        assert_eq!(stream.await.unwrap(), 1_999_000);
    }
}

/// A broker without streams refuses them, and leaves none open.
pub async fn a_broker_without_streams_refuses_them(at: &mut Stage) {
    let count = SubjectCount {
        to: 3,
        panic_at: None,
    };
    let refused = at.subject.ask(count).await;
    assert!(refused.is_err(), "it has streams");
    at.probe.until(|record| record.open == 0).await;
    assert_eq!(at.subject.double(1).await, Ok(2));
}
