//! References to actors in requests, replies and items.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib::prelude::*;
use conclib_core::__private::Failure;
use conclib_core::wire::StreamSource;

use super::ends::{Came, Desk, End, Handler, Pair, ask, elsewhere, lease, reply, run, stream};
use crate::session::LinkLimits;
use crate::sync::model::{block_on, join, one_of, thread};

fn nothing() -> Arc<Handler> {
    Arc::new(|_, _, answerer| drop(answerer))
}

fn pair(handler: Arc<Handler>, times: usize) -> Pair {
    let limits = LinkLimits::default();
    Pair::over(
        [End::new(limits, nothing()), End::new(limits, handler)],
        times,
    )
}

/// A request brings a reference, its reply takes another one back; each end keeps its lease for
/// some time. Then no actor is kept, though the connection is up.
#[test]
fn an_actor_is_kept_no_longer_than_its_references() {
    run(|| references_go_both_ways(false));
}

#[test]
fn no_actor_is_kept_when_the_connection_is_gone() {
    run(|| references_go_both_ways(true));
}

fn references_go_both_ways(is_cut: bool) {
    let [asked, answered] = [elsewhere(), elsewhere()];
    let handler: Arc<Handler> = Arc::new(move |session, body, answerer| {
        let kept = lease(session, body);
        match one_of(3) {
            0 => drop(answerer),
            1 => reply(session, Some(&answered), answerer),
            _ => {
                drop(kept);
                reply(session, Some(&answered), answerer);
            }
        }
    });
    let pair = pair(handler, 1);
    let cut = is_cut.then(|| pair.cut(0));
    let session = pair.ends[0].session.clone();
    let caller = thread::spawn(move || {
        let at_reply = |session: &crate::session::Session, body: &[u8]| drop(lease(session, body));
        let Some(sent) = ask(&session, "desk", Some(&asked), at_reply) else {
            return;
        };
        if one_of(3) == 0 {
            session.0.cancel(sent.id);
        }
        drop(block_on(sent.answer));
    });
    join(caller);
    cut.into_iter().for_each(join);
    if !is_cut {
        pair.settle();
    }
    pair.end();
}

/// Stream of references, in the scope of its session.
struct Actors {
    actor: ActorRef<Desk>,
    left: u32,
}

impl StreamSource for Actors {
    fn poll_body(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        let body = serde_json::to_vec(&self.actor).unwrap();
        Poll::Ready(Some(Ok(body.into())))
    }
}

/// The reader of a stream leaves while items with references come.
#[test]
fn the_references_in_items_that_are_not_read_are_released() {
    run(|| {
        let actor = elsewhere();
        let handler: Arc<Handler> = Arc::new(move |_, _, answerer| {
            let actor = actor.clone();
            stream(answerer, Actors { actor, left: 2 });
        });
        let pair = pair(handler, 1);
        let session = pair.ends[0].session.clone();
        let reader = thread::spawn(move || {
            let sent = ask(&session, "desk", None, |_, _| {}).unwrap();
            let Ok(Came::Stream(mut items)) = block_on(sent.answer) else {
                panic!("the desk sends a stream");
            };
            for _ in 0..one_of(3) {
                assert!(block_on(poll_fn(|cx| items.poll_body(cx))).is_some());
            }
        });
        join(reader);
        pair.settle();
        pair.end();
    });
}
