//! Requests in both directions, with few slots.

use std::sync::Arc;

use super::ends::{End, Handler, Pair, ask, failure, reply, run};
use crate::session::{LinkLimits, Session};
use crate::sync::model::{block_on, join, one_of, thread};

fn limits() -> LinkLimits {
    LinkLimits {
        // Each actor gets one.
        window: 2,
        abandoned: 2,
        ..LinkLimits::default()
    }
}

/// Replies, fails, or drops the request.
fn any_answer() -> Arc<Handler> {
    Arc::new(|session, _, answerer| match one_of(3) {
        0 => reply(session, None, answerer),
        1 => answerer.answer(Err(failure())),
        _ => drop(answerer),
    })
}

fn ends() -> [End; 2] {
    [(); 2].map(|()| End::new(limits(), any_answer()))
}

/// Asks as often as `times`; cancels some of the requests.
fn caller(session: &Session, times: usize) -> thread::JoinHandle<()> {
    let session = session.clone();
    thread::spawn(move || {
        for _ in 0..times {
            let Some(sent) = ask(&session, "desk", None, |_, _| {}) else {
                return;
            };
            let is_cancelled = one_of(3) == 0;
            if is_cancelled {
                session.0.cancel(sent.id);
            }
            let answer = block_on(sent.answer);
            assert!(is_cancelled || answer.is_ok(), "the answerer was dropped");
        }
    })
}

#[test]
fn each_request_is_answered_or_cancelled() {
    run(|| {
        let pair = Pair::over(ends(), 1);
        let [left, right] = &pair.ends;
        let callers = [
            caller(&left.session, 2),
            caller(&left.session, 1),
            caller(&right.session, 1),
        ];
        callers.into_iter().for_each(join);
        pair.end();
    });
}

#[test]
fn a_cut_answers_all_requests() {
    run(|| {
        let pair = Pair::over(ends(), 1);
        let [left, right] = &pair.ends;
        let callers = [
            caller(&left.session, 1),
            caller(&left.session, 1),
            caller(&right.session, 1),
        ];
        let cut = pair.cut(0);
        callers.into_iter().for_each(join);
        join(cut);
        pair.end();
    });
}

#[test]
fn a_request_waits_for_the_next_connection() {
    run(|| {
        let pair = Pair::over(ends(), 2);
        let [left, right] = &pair.ends;
        let callers = [
            caller(&left.session, 2),
            caller(&left.session, 1),
            caller(&right.session, 1),
        ];
        let cut = pair.cut(0);
        join(cut);
        callers.into_iter().for_each(join);
        pair.end();
    });
}

#[test]
fn a_close_answers_all_requests() {
    run(|| {
        let pair = Pair::over_a_wide_connection(ends());
        let [left, right] = &pair.ends;
        let callers = [
            caller(&left.session, 1),
            caller(&left.session, 1),
            caller(&right.session, 1),
        ];
        let closing = pair.ends[one_of(2)].session.clone();
        let close = thread::spawn(move || match one_of(2) {
            0 => closing.close(),
            _ => {
                closing.refuse_new();
                closing.close();
            }
        });
        callers.into_iter().for_each(join);
        join(close);
        pair.end();
    });
}

/// Callers that wait for one slot, one of which leaves: the others get their turns.
#[test]
fn a_caller_is_never_asleep_while_there_is_room() {
    run(|| {
        let pair = Pair::over(ends(), 1);
        let session = &pair.ends[0].session;
        let callers = [(); 2].map(|()| caller(session, 1));
        let leaver = session.clone();
        let leaver = thread::spawn(move || {
            use crate::session::Outlet as _;
            let mut room = leaver.room("desk");
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            if room.as_mut().poll(&mut cx).is_ready() {
                // A caller that has room sends.
                let sent = ask(&leaver, "desk", None, |_, _| {}).unwrap();
                return leaver.0.cancel(sent.id);
            }
            drop(room);
        });
        callers.into_iter().for_each(join);
        join(leaver);
        pair.end();
    });
}
