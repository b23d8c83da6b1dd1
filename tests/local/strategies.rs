//! Strategies: the children that are restarted with a failed one, their order,
//! and the state they keep.

use conclib::event::NotRestarted;
use conclib::prelude::*;
use support::family::*;
use support::gate;
use tokio::time::{Instant, advance};

#[support::test(start_paused = true)]
async fn one_for_all_goes_down_newest_first_and_comes_up_oldest_first() {
    let mut family = Family::new(None);
    let parts = family.abc().await;
    let [a, b, c] = &parts;
    for part in &parts {
        assert_eq!(part.serve().await.unwrap(), 1);
    }
    family.noted();
    let begun = Instant::now();
    b.fail().await.unwrap_err();
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1, "a fresh state");
    // Only the first child waits for the backoff; each of the others comes
    // after its elder.
    assert_eq!(begun.elapsed(), BACKOFF);
    let expected = ["-b", "-c", "-a", "+a?", "+a", "+b?", "+b", "+c?", "+c"];
    assert_eq!(family.noted(), expected);
    assert_eq!(generations(&parts), [2, 2, 2]);
    for (part, name) in parts.iter().zip(["a", "b", "c"]) {
        assert_eq!(family.system.get::<Part>(name).unwrap(), *part);
    }
    assert_eq!(a.serve().await.unwrap(), 1);
    assert_eq!(
        family.exits.len(),
        1,
        "the hook is told of the failure alone"
    );
}

#[support::test(start_paused = true)]
async fn rest_for_one_leaves_those_that_were_there_before() {
    let mut family = Family::with(None, Some(Strategy::RestForOne));
    let parts = family.abc().await;
    let [a, b, c] = &parts;
    assert_eq!(a.serve().await.unwrap(), 1);
    family.noted();
    b.fail().await.unwrap_err();
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1);
    assert_eq!(family.noted(), ["-b", "-c", "+b?", "+b", "+c?", "+c"]);
    assert_eq!(generations(&parts), [1, 2, 2]);
    assert_eq!(a.serve().await.unwrap(), 2, "it kept its state");
    c.fail().await.unwrap_err();
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1);
    assert_eq!(generations(&parts), [1, 2, 3]);
}

#[support::test(start_paused = true)]
async fn one_for_one_restarts_the_one_that_failed() {
    let mut family = Family::with(None, Some(Strategy::OneForOne));
    let parts = family.abc().await;
    family.noted();
    parts[0].fail().await.unwrap_err();
    family.restarted("a").await;
    assert_eq!(parts[0].serve().await.unwrap(), 1);
    assert_eq!(family.noted(), ["-a", "+a?", "+a"]);
    assert_eq!(generations(&parts), [2, 1, 1]);
}

#[support::test(start_paused = true)]
async fn a_healthy_sibling_finishes_its_turn_and_keeps_its_queue() {
    let family = Family::new(None);
    let [a, _, c] = family.abc().await;
    let (gate, mut keeper) = gate();
    let turn = c.hold(gate).reply().await.unwrap();
    keeper.entered().await;
    let queued = [
        c.serve().reply().await.unwrap(),
        c.serve().reply().await.unwrap(),
    ];
    a.fail().await.unwrap_err();
    advance(10 * MS).await;
    assert_eq!(c.generation(), Some(1), "its turn is not over");
    keeper.open();
    assert_eq!(
        turn.await.unwrap(),
        1,
        "answered by the incarnation that had it"
    );
    let [first, second] = queued;
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    assert_eq!(c.generation(), Some(2));
}

#[support::test(start_paused = true)]
async fn a_group_restart_does_not_wait_for_the_backlog_of_a_healthy_sibling() {
    let mut family = Family::new(None);
    let [a, b, _] = family.abc().await;
    let mut backlog = Vec::new();
    for _ in 0..50 {
        backlog.push(b.nap(20).reply().await.unwrap());
    }
    tokio::task::yield_now().await;
    let begun = Instant::now();
    a.fail().await.unwrap_err();
    family.restarted("a").await;
    assert_eq!(a.serve().await.unwrap(), 1);
    // One turn and the backoff, not fifty turns.
    assert_eq!(begun.elapsed(), 20 * MS + BACKOFF);
    let mut served = Vec::new();
    for reply in backlog {
        served.push(reply.await.unwrap());
    }
    let expected: Vec<_> = [1].into_iter().chain(1..=49).collect();
    assert_eq!(served, expected);
}

#[support::test]
async fn a_sibling_without_a_source_is_ended_and_an_event_says_so() {
    let mut family = Family::new(None);
    let mut events = family.system.events();
    let a = family.child("a", policy().backoff(Backoff::none())).await;
    let once = family
        .system
        .actor(family.plan().part("once"))
        .child_of(&family.boss)
        .urn("once")
        .spawn()
        .unwrap();
    once.started().await.unwrap();
    a.fail().await.unwrap_err();
    assert_eq!(once.stopped().await, Some(StopReason::Parent));
    family.restarted("a").await;
    assert_eq!(a.serve().await.unwrap(), 1);
    assert_eq!(family.boss.children().await.unwrap(), [a.urn()]);
    loop {
        if let Event::NotRestarted { urn, why } = events.next().await.unwrap() {
            assert_eq!((urn, why), (once.urn(), NotRestarted::NoSource));
            break;
        }
    }
}

#[support::test(start_paused = true)]
async fn a_sibling_that_does_not_end_in_time_is_ended_at_its_next_await() {
    let mut family = Family::new(None);
    let [a, b, c] = family.abc().await;
    let nap = b.nap(3_600_000).reply().await.unwrap();
    let queued = b.serve().reply().await.unwrap();
    tokio::task::yield_now().await;
    family.noted();
    let begun = Instant::now();
    a.fail().await.unwrap_err();
    assert!(matches!(
        nap.await,
        Err(AskError::Stopped {
            delivery: Delivery::MayHaveRun,
            ..
        })
    ));
    assert_eq!(begun.elapsed(), 300 * MS);
    assert_eq!(queued.await.unwrap(), 1);
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1);
    assert_eq!(begun.elapsed(), 300 * MS + BACKOFF);
    // No hook runs in an interrupted turn.
    let expected = ["-a", "-c", "+a?", "+a", "+b?", "+b", "+c?", "+c"];
    assert_eq!(family.noted(), expected);
    assert_eq!(generations(&[a, b, c]), [2, 2, 2]);
}

#[support::test(start_paused = true)]
async fn two_siblings_that_fail_at_the_same_time_are_restarted_once() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let mut family = Family::with(None, Some(strategy));
        let parts = family.abc().await;
        let [a, b, c] = &parts;
        let (first, mut first_keeper) = gate();
        let (second, mut second_keeper) = gate();
        a.fail_behind(first).tell().await.unwrap();
        b.fail_behind(second).tell().await.unwrap();
        first_keeper.entered().await;
        second_keeper.entered().await;
        let begun = Instant::now();
        first_keeper.open();
        second_keeper.open();
        family.restarted("c").await;
        assert_eq!(c.serve().await.unwrap(), 1);
        assert_eq!(begun.elapsed(), BACKOFF);
        tokio::time::sleep(10 * BACKOFF).await;
        assert_eq!(generations(&parts), [2, 2, 2]);
        if strategy == Strategy::OneForAll {
            assert_eq!(family.exits.len(), 2, "each of the two failed");
        }
    }
}

#[support::test(start_paused = true)]
async fn a_sibling_in_its_backoff_does_not_come_up_in_the_middle_of_a_group_restart() {
    let mut family = Family::with(None, Some(Strategy::RestForOne));
    let parts = family.abc().await;
    let [a, b, c] = &parts;
    c.fail().await.unwrap_err();
    advance(50 * MS).await;
    // The turn takes longer than the rest of the backoff.
    b.nap(250).tell().await.unwrap();
    tokio::task::yield_now().await;
    family.noted();
    let begun = Instant::now();
    a.fail().await.unwrap_err();
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1);
    assert_eq!(begun.elapsed(), 250 * MS + BACKOFF);
    assert_eq!(
        family.noted(),
        ["-a", "-b", "+a?", "+a", "+b?", "+b", "+c?", "+c"]
    );
    assert_eq!(generations(&parts), [2, 2, 2]);
}

#[support::test(start_paused = true)]
async fn a_child_that_fails_while_its_parent_restarts_others_is_dealt_with_after() {
    let mut family = Family::with(None, Some(Strategy::RestForOne));
    let parts = family.abc().await;
    let [a, b, c] = &parts;
    c.nap(200).tell().await.unwrap();
    tokio::task::yield_now().await;
    family.noted();
    b.fail().await.unwrap_err();
    advance(50 * MS).await;
    a.fail().await.unwrap_err();
    family.restarted("c").await;
    assert_eq!(c.serve().await.unwrap(), 1);
    let expected = ["-b", "-a", "-c", "+a?", "+a", "+b?", "+b", "+c?", "+c"];
    assert_eq!(family.noted(), expected);
    assert_eq!(generations(&parts), [2, 2, 2]);
    assert_eq!(family.exits.len(), 2);
}

#[support::test(start_paused = true)]
async fn a_start_that_fails_in_a_group_restart_starts_the_group_anew() {
    let mut family = Family::new(None);
    let plan = family.plan();
    let broken = plan.broken.clone();
    let a = family
        .system
        .actor_with(move || plan.part("a"))
        .child_of(&family.boss)
        .restart(policy())
        .spawn()
        .unwrap();
    let b = family.child("b", policy()).await;
    family.noted();
    broken.store(1, std::sync::atomic::Ordering::SeqCst);
    let begun = Instant::now();
    b.fail().await.unwrap_err();
    family.restarted("b").await;
    assert_eq!(b.serve().await.unwrap(), 1);
    // The first start waits as the policy of `b` says, the second as that of
    // `a`.
    assert_eq!(begun.elapsed(), 2 * BACKOFF);
    assert_eq!(
        family.noted(),
        ["-b", "-a", "+a?", "+a?", "+a", "+b?", "+b"]
    );
    assert_eq!(generations(&[a, b]), [3, 2]);
}

#[support::test(start_paused = true)]
async fn a_sibling_that_was_told_to_end_serves_what_is_queued_and_stays_ended() {
    let mut family = Family::new(None);
    let [a, b, _] = family.abc().await;
    let naps = [
        b.nap(20).reply().await.unwrap(),
        b.nap(20).reply().await.unwrap(),
        b.nap(20).reply().await.unwrap(),
    ];
    tokio::task::yield_now().await;
    let stopping = b.stop();
    a.fail().await.unwrap_err();
    assert_eq!(stopping.await, StopReason::Stopped);
    for (nap, n) in naps.into_iter().zip(1..) {
        assert_eq!(nap.await.unwrap(), n);
    }
    family.restarted("a").await;
    assert_eq!(a.serve().await.unwrap(), 1);
    assert_eq!(family.boss.children().await.unwrap().len(), 2);
}

/// Stops while its supervisor brings it down.
#[actor]
struct Quitter;

#[actor]
impl Quitter {
    #[on(stop)]
    fn stop(&mut self, reason: &StopReason, ctx: &mut Context<Self>) {
        if *reason == StopReason::Recycled {
            ctx.stop();
        }
    }
}

#[support::test(start_paused = true)]
async fn a_sibling_that_is_told_to_end_as_it_goes_down_ends_by_that_word() {
    let mut family = Family::new(None);
    let a = family.child("a", policy()).await;
    let quitter = family
        .system
        .actor_with(|| Quitter)
        .restart(policy())
        .child_of(&family.boss)
        .spawn()
        .unwrap();
    quitter.started().await.unwrap();
    a.fail().await.unwrap_err();
    assert_eq!(quitter.stopped().await, Some(StopReason::Stopped));
    family.restarted("a").await;
    assert_eq!(a.serve().await.unwrap(), 1);
}
