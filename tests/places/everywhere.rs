//! Behaviour that a user meets first, the same in each place: task, thread, process, and behind a
//! unix socket and TCP.

use std::time::Duration;

use conclib::prelude::*;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use support::poll_once;

use crate::actors::{Door, DoorCalls as _, Roll, Worker, WorkerCalls as _, door};
use crate::at::{At, on_every_place};
use crate::calls::{MyErr, Sleeper, SleeperCalls as _};
use crate::life::{Boss, BossCalls as _};

on_every_place! {
    asks_and_tells_keep_their_order,
    an_error_of_the_user_comes_with_its_values,
    a_panic_comes_with_its_text_and_is_the_reason_for_the_end,
    a_stream_of_replies_comes_in_order_and_may_be_left,
    a_deadline_ends_an_ask_and_not_the_actor,
    a_tell_does_not_wait_for_its_handler_nor_for_one_before_it,
    queued_messages_are_handled_before_a_stop,
    a_kill_ends_a_turn_and_answers_its_asker,
    a_watcher_hears_of_the_end,
    a_reference_that_comes_back_is_the_same,
    a_reference_in_a_message_is_called_back,
    a_full_mailbox_that_rejects_loses_nothing,
    the_more_urgent_comes_first,
}

async fn asks_and_tells_keep_their_order(at: At) -> conclib::Result {
    let worker = at.worker().await?;
    let mut replies = Vec::new();
    for n in 1..=40 {
        match n % 2 {
            0 => worker.add(1).tell().await?,
            _ => replies.push((n, worker.add(1).reply().await?)),
        }
    }
    for (n, reply) in replies {
        assert_eq!(reply.await?, n);
    }
    assert_eq!(worker.add(1).await?, 41);
    Ok(())
}

async fn an_error_of_the_user_comes_with_its_values(at: At) -> conclib::Result {
    let sleeper = at.spawn(Sleeper::of(4)).await?;
    match sleeper.take(7).await {
        Err(AskError::Handler(MyErr::Low { need: 3 })) => {}
        other => panic!("{other:?}"),
    }
    let refused = sleeper.take(101).await.unwrap_err();
    assert_eq!(refused, AskError::Handler(MyErr::No("too many".into())));
    // An error is an answer, and no end.
    assert_eq!(sleeper.take(4).await?, 0);
    Ok(())
}

async fn a_panic_comes_with_its_text_and_is_the_reason_for_the_end(at: At) -> conclib::Result {
    let worker = at.worker().await?;
    let error = worker.panic("out of luck".into()).await.unwrap_err();
    assert!(matches!(&error, AskError::Panicked { .. }), "{error:?}");
    assert!(error.to_string().contains("out of luck"), "{error}");
    let reason = worker.stopped().await.unwrap();
    assert!(matches!(&reason, StopReason::Panicked(_)), "{reason:?}");
    assert_eq!(reason.to_string(), "panicked: out of luck");
    // A socket leads to a name, which is free again.
    let late = worker.add(1).await.unwrap_err();
    let is_end = matches!(
        late,
        AskError::Stopped { .. } | AskError::NoSuchActor { .. }
    );
    assert!(is_end, "{late:?}");
    assert_eq!(late.delivery(), Delivery::NotDelivered);
    Ok(())
}

async fn a_stream_of_replies_comes_in_order_and_may_be_left(at: At) -> conclib::Result {
    let worker = at.worker().await?;
    let all: Vec<_> = worker.count(100).await?.collect().await;
    assert_eq!(all, (0..100).map(Ok).collect::<Vec<_>>());
    let mut left = worker.count(u64::MAX).await?;
    assert_eq!(left.next().await, Some(Ok(0)));
    drop(left);
    assert_eq!(worker.add(1).await?, 1);
    assert_eq!(worker.stop().await, StopReason::Stopped);
    Ok(())
}

async fn a_deadline_ends_an_ask_and_not_the_actor(at: At) -> conclib::Result {
    let (door, mut begun, open) = door(&at.system)?;
    let worker = at.worker().await?;
    worker.hold(door).tell().await?;
    begun.recv().await.unwrap();
    let late = worker.add(100).timeout(Duration::from_millis(20)).await;
    let error = late.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error:?}");
    open.add_permits(1);
    assert_eq!(worker.add(1).await?, 1, "nobody waits for the other");
    Ok(())
}

async fn a_tell_does_not_wait_for_its_handler_nor_for_one_before_it(at: At) -> conclib::Result {
    let (door, mut begun, open) = door(&at.system)?;
    let worker = at.worker().await?;
    worker.hold(door).tell().await?;
    begun.recv().await.unwrap();
    worker.add(1).tell().await?;
    let mut behind = worker.add(1).reply().await?;
    assert!(poll_once(&mut behind).is_pending());
    open.add_permits(1);
    assert_eq!(behind.await?, 2);
    Ok(())
}

async fn queued_messages_are_handled_before_a_stop(at: At) -> conclib::Result {
    let (door, mut begun, open) = door(&at.system)?;
    let worker = at.worker().await?;
    worker.hold(door).tell().await?;
    begun.recv().await.unwrap();
    let mut replies = Vec::new();
    for _ in 0..20 {
        replies.push(worker.add(1).reply().await?);
    }
    let stopping = worker.stop();
    open.add_permits(1);
    for (n, reply) in (1..).zip(replies) {
        assert_eq!(reply.await?, n);
    }
    assert_eq!(stopping.await, StopReason::Stopped);
    assert_eq!(worker.stopped().await, Some(StopReason::Stopped));
    Ok(())
}

async fn a_kill_ends_a_turn_and_answers_its_asker(at: At) -> conclib::Result {
    let (door, mut begun, _open) = door(&at.system)?;
    let worker = at.worker().await?;
    let held = worker.hold(door).reply().await?;
    begun.recv().await.unwrap();
    assert_eq!(worker.kill().await, StopReason::Killed);
    assert_eq!(held.await.unwrap_err().delivery(), Delivery::MayHaveRun);
    assert_eq!(worker.stopped().await, Some(StopReason::Killed));
    Ok(())
}

async fn a_watcher_hears_of_the_end(at: At) -> conclib::Result {
    let boss = at.system.spawn(Boss::default())?;
    let (stopped, killed) = (at.worker().await?, at.worker().await?);
    boss.watch(stopped.clone()).await?;
    boss.watch(killed.clone()).await?;
    for (count, ended) in [(1, stopped.stop().await), (2, killed.kill().await)] {
        let heard = loop {
            let heard = boss.heard().await?;
            if heard.len() >= count {
                break heard;
            }
            tokio::task::yield_now().await;
        };
        assert!(heard.contains(&ended.to_string()), "{heard:?}");
    }
    Ok(())
}

async fn a_reference_that_comes_back_is_the_same(at: At) -> conclib::Result {
    let worker = at.worker().await?;
    assert_eq!(worker.me().await?, worker);
    assert!(worker.is_me(worker.clone()).await?);
    Ok(())
}

/// The turn of the worker calls the actor of the asker, and awaits its answer.
async fn a_reference_in_a_message_is_called_back(at: At) -> conclib::Result {
    let (pids, mut called) = tokio::sync::mpsc::unbounded_channel();
    let roll = at.system.spawn(Roll { pids })?;
    let worker = at.worker().await?;
    worker.report(roll).await?;
    assert_eq!(called.recv().await, Some(worker.pid().await?));
    Ok(())
}

async fn a_full_mailbox_that_rejects_loses_nothing(at: At) -> conclib::Result {
    let (door, mut begun, open) = door(&at.system)?;
    let worker = at.spawn_bounded(Worker::default(), 2).await?;
    worker.hold(door).tell().await?;
    begun.recv().await.unwrap();
    worker.add(1).tell().await?;
    let queued = worker.add(1).reply().await?;
    let error = worker.add(100).await.unwrap_err();
    assert!(matches!(error, AskError::MailboxFull { .. }), "{error:?}");
    let error = worker.add(100).tell().await.unwrap_err();
    assert!(matches!(error, TellError::Full { .. }), "{error:?}");
    assert_eq!(error.into_message().by, 100);
    open.add_permits(1);
    assert_eq!(queued.await?, 2);
    assert_eq!(worker.add(1).await?, 3);
    Ok(())
}

/// Remembers the order of its turns.
#[actor(priority)]
#[derive(Default, Serialize, Deserialize)]
pub struct Ranked {
    seen: Vec<u64>,
}

#[actor]
impl Ranked {
    #[message]
    async fn hold(&mut self, door: ActorRef<Door>) {
        door.pass().await.unwrap();
    }

    #[message(priority = 1)]
    fn soon(&mut self, n: u64) {
        self.seen.push(n);
    }

    #[message]
    fn later(&mut self, n: u64) {
        self.seen.push(n);
    }

    #[message]
    fn seen(&mut self) -> Vec<u64> {
        self.seen.clone()
    }
}

async fn the_more_urgent_comes_first(at: At) -> conclib::Result {
    let (door, mut begun, open) = door(&at.system)?;
    let ranked = at.spawn(Ranked::default()).await?;
    ranked.hold(door).tell().await?;
    begun.recv().await.unwrap();
    ranked.later(1).tell().await?;
    ranked.soon(2).tell().await?;
    ranked.later(3).priority(0).tell().await?;
    ranked.soon(4).tell().await?;
    open.add_permits(1);
    assert_eq!(ranked.seen().await?, [3, 2, 4, 1]);
    Ok(())
}
