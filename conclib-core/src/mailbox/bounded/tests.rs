use super::*;

/// A place may have become free since the sender was refused one.
#[test]
fn who_comes_to_wait_takes_a_place_that_is_free() {
    let mailbox = Mailbox::<u8>::new(1, Overflow::Wait);
    let mut cx = Context::from_waker(Waker::noop());
    let (mut ticket, mut seed) = (None, Some(7));
    let pushed = mailbox.poll_push(&mut cx, &mut ticket, &mut seed, 0, |seed| seed);
    assert_eq!(pushed, Poll::Ready(Ok(())));
    assert_eq!((ticket, seed, mailbox.depth()), (None, None, 1));
}
