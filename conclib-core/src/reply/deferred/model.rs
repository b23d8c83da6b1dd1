//! Model of a deferred answer and its asker, run in thousands of interleavings.

use std::future::poll_fn;

use shuttle::future::block_on;
use shuttle::thread;

use super::*;
use crate::sync::model::{check, one_of};

type Elapsed = Deferred<u64>;

#[test]
fn an_answer_and_its_asker_meet_once() {
    check(|| {
        let (reply, deferred) = Elapsed::pair();
        let (asker, mut answer) = ReplyTo::local();
        let (is_sent, is_met) = (one_of(3) > 0, one_of(3) > 0);
        let sends = thread::spawn(move || match is_sent {
            true => reply.send(7),
            false => drop(reply),
        });
        let meets = thread::spawn(move || match is_met {
            true => deferred.meet(asker),
            false => {
                drop(deferred);
                drop(asker);
            }
        });
        // The asker gets a result in any case.
        let answer = block_on(poll_fn(|cx| answer.poll(cx)));
        let came = match answer {
            Some(Ok(Ok(reply))) => Some(Ok(reply)),
            Some(Ok(Err(never))) => match never {},
            Some(Err(failure)) => Some(Err(matches!(*failure, Failure::NoReply))),
            None => None,
        };
        match (is_sent, is_met) {
            (true, true) => assert_eq!(came, Some(Ok(7))),
            // A local asker learns of this by its channel, or by `NoReply` after the
            // meeting.
            (false, true) => assert!(matches!(came, None | Some(Err(true))), "{came:?}"),
            (_, false) => assert_eq!(came, None),
        }
        sends.join().unwrap();
        meets.join().unwrap();
    });
}

/// The answering end waits for the asker to leave, before the two met or after.
#[test]
fn an_asker_that_leaves_is_seen() {
    check(|| {
        let (mut reply, deferred) = Elapsed::pair();
        let (asker, answer) = ReplyTo::local();
        let waits = thread::spawn(move || {
            block_on(reply.closed());
            assert!(!reply.is_wanted());
        });
        let meets = thread::spawn(move || match one_of(2) {
            0 => deferred.meet(asker),
            _ => drop(deferred),
        });
        thread::yield_now();
        drop(answer);
        meets.join().unwrap();
        waits.join().unwrap();
    });
}
