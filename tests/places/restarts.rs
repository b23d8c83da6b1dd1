//! Restarts: the same actor in another process.

use std::time::Duration;

use conclib::AuthKey;
use conclib::prelude::*;
use conclib::process::InProcessError;
use futures_util::future::join_all;
use nix::sys::signal::Signal;

use crate::actors::{How, Starter, Worker, WorkerCalls as _, door, process, signal};

fn policy(times: usize) -> Restart {
    Restart::on_failure()
        .max(times, Duration::from_secs(60))
        .backoff(Backoff::none())
}

#[support::test]
async fn it_is_the_same_actor_in_another_process() -> conclib::Result {
    let system = System::new("test");
    let builder = system.actor(Worker { n: 5 }).urn("w").in_process();
    let worker = builder.restart(policy(5)).spawn().await?;
    for generation in 2..=4 {
        let before = process(worker.pid().await?);
        assert_eq!(worker.add(1).await?, 6, "a fresh state");
        match generation {
            2 => signal(before.pid, Signal::SIGKILL),
            3 => drop(worker.panic("enough".into()).await),
            _ => drop(worker.exit(0).await),
        }
        // Waits for the next process, unless it is sent before the end of the old one is known.
        let after = loop {
            match worker.pid().await {
                Err(AskError::Disconnected { delivery, .. }) if generation != 3 => {
                    assert_eq!(delivery, Delivery::MayHaveRun);
                }
                answered => break process(answered?),
            }
        };
        assert_ne!(before, after);
        assert!(!before.is_alive());
        assert_eq!(worker.generation(), Some(generation));
        assert_eq!(system.get::<Worker>("w")?, worker);
    }
    Ok(())
}

#[support::test]
async fn too_many_failures_are_final() -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let builder = system.actor(Worker::default()).urn("w").in_process();
    let worker = builder.restart(policy(1)).spawn().await?;
    drop(worker.exit(1).await);
    loop {
        if let Event::Restarted { .. } = events.next().await.unwrap() {
            break;
        }
    }
    worker.started().await?;
    while worker.exit(2).await.is_err_and(|error| {
        !matches!(
            error,
            AskError::Disconnected {
                delivery: Delivery::MayHaveRun,
                ..
            }
        )
    }) {}
    let reason = worker.stopped().await.unwrap().to_string();
    assert!(reason.contains("exited with code 2"), "{reason}");
    Ok(())
}

#[support::test]
async fn a_start_that_fails_is_tried_again() -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let builder = system.create::<Starter>(How::Error("never".into()));
    let started = builder.restart(policy(2)).in_process().spawn().await;
    let said = started.unwrap_err().to_string();
    assert!(said.ends_with("failed to start: never"), "{said}");
    let mut restarts = 0;
    loop {
        match events.next().await.unwrap() {
            Event::Restarted { .. } => restarts += 1,
            Event::Stopped { .. } => break,
            _ => {}
        }
    }
    assert_eq!(restarts, 2);
    Ok(())
}

#[support::test]
async fn a_stop_during_the_pause_is_final() -> conclib::Result {
    let system = System::new("test");
    let builder = system.actor(Worker::default()).urn("w").in_process();
    let pause = Restart::on_failure().backoff(Backoff::from(Duration::from_secs(600)));
    let worker = builder.restart(pause).spawn().await?;
    drop(worker.exit(1).await);
    support::until(|| worker.state() == Some(State::Restarting)).await;
    assert_eq!(worker.stop().await, StopReason::Stopped);
    Ok(())
}

/// Decides on its children itself.
#[actor]
#[derive(Default)]
struct Boss {
    exits: Vec<String>,
}

#[actor]
impl Boss {
    #[message(local)]
    async fn hire(&mut self, ctx: &mut Context<Self>) -> Result<ActorRef<Worker>, InProcessError> {
        let worker = ctx.actor(Worker::default()).in_process();
        worker.restart(Restart::never()).spawn().await
    }

    #[message(local)]
    fn exits(&mut self) -> Vec<String> {
        self.exits.clone()
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        self.exits.push(exit.reason.to_string());
        match self.exits.len() {
            1 => Directive::Restart,
            _ => Directive::Stop,
        }
    }
}

#[support::test]
async fn its_supervisor_decides() -> conclib::Result {
    let system = System::new("test");
    let boss = system.spawn(Boss::default())?;
    let worker = boss.hire().await?;
    drop(worker.panic("one".into()).await);
    support::until(|| worker.generation() == Some(2) && worker.state() == Some(State::Running))
        .await;
    assert_eq!(worker.add(1).await?, 1);
    drop(worker.panic("two".into()).await);
    let reason = worker.stopped().await.unwrap().to_string();
    assert_eq!(reason, "panicked: two");
    assert_eq!(boss.exits().await?, ["panicked: one", "panicked: two"]);
    assert_eq!(boss.state(), Some(State::Running));
    Ok(())
}

/// Has two children, which fail together.
#[actor(strategy = OneForAll)]
struct Pair;

#[actor]
impl Pair {
    #[message(local)]
    async fn hire(&mut self, ctx: &mut Context<Self>) -> Result<ActorRef<Worker>, InProcessError> {
        let worker = ctx.actor(Worker::default()).in_process();
        worker.restart(policy(5)).spawn().await
    }
}

#[support::test]
async fn siblings_restart_together() -> conclib::Result {
    let system = System::new("test");
    let pair = system.spawn(Pair)?;
    let (one, other) = (pair.hire().await?, pair.hire().await?);
    let before = (one.pid().await?, other.pid().await?);
    drop(one.exit(1).await);
    support::until(|| {
        let all = [&one, &other];
        all.iter()
            .all(|it| it.generation() == Some(2) && it.state() == Some(State::Running))
    })
    .await;
    let after = (one.pid().await?, other.pid().await?);
    assert_ne!(before.0, after.0);
    assert_ne!(before.1, after.1);
    Ok(())
}

#[support::test]
async fn a_message_after_a_panic_is_handled_by_the_next_process() -> conclib::Result {
    let system = System::new("test");
    let policy = Restart::on_failure()
        .max(100, Duration::from_secs(60))
        .backoff(Backoff::none());
    let worker = system.actor(Worker::default()).in_process().restart(policy);
    let worker = worker.spawn().await?;
    for round in 1..=10 {
        let panicked = worker.panic("of the test".into()).await;
        assert!(matches!(panicked, Err(AskError::Panicked { .. })));
        if round % 2 == 0 {
            assert_eq!(worker.add(1).await?, 1, "a fresh state");
            // A tell at once after the panic might be queued in the old process, and lost with it.
            worker.add(1).tell().await?;
            assert_eq!(worker.add(1).await?, 3);
        }
        let pid = worker.pid().await?;
        assert!(process(pid).is_alive());
    }
    Ok(())
}

#[support::test]
async fn asks_behind_a_panic_are_answered_by_the_next_process() -> conclib::Result {
    let system = System::new("test");
    let worker = system.actor(Worker::default()).urn("w").in_process();
    let worker = worker.restart(policy(2)).spawn().await?;
    let mut sums = answered_behind_a_panic(worker).await?;
    sums.sort_unstable();
    assert_eq!(sums, Vec::from_iter(1..=64));
    // The asks of a client take the way through the owner, and keep their order.
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&system, "tcp://127.0.0.1:0")
        .key(key.clone())
        .await?;
    let client = ProxyClient::connect(proxy.url()).key(key).await?;
    let sums = answered_behind_a_panic(client.actor("w")?).await?;
    assert_eq!(sums, Vec::from_iter(1..=64));
    Ok(())
}

/// Returns the sums of the next process, whose state is a fresh one.
async fn answered_behind_a_panic(worker: ActorRef<Worker>) -> conclib::Result<Vec<u64>> {
    let before = worker.pid().await?;
    let panics = worker.panic("of the test".into());
    let asks = join_all((0..64).map(|_| worker.add(1).into_future()));
    let (panicked, sums) = tokio::join!(panics.into_future(), asks);
    assert!(matches!(panicked, Err(AskError::Panicked { .. })));
    assert_ne!(worker.pid().await?, before);
    Ok(sums.into_iter().collect::<Result<_, _>>()?)
}

/// The owner keeps no copy of a longer request.
#[support::test]
async fn a_long_ask_of_a_client_is_not_sent_to_the_next_process() -> conclib::Result {
    let system = System::new("test");
    let (door, mut begun, open) = door(&system)?;
    let worker = system.actor(Worker::default()).urn("w").in_process();
    let worker = worker.restart(policy(1)).spawn().await?;
    system.actor(Worker::default()).urn("other").spawn()?;
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&system, "tcp://127.0.0.1:0")
        .key(key.clone())
        .await?;
    let client = ProxyClient::connect(proxy.url()).key(key).await?;
    let far: ActorRef<Worker> = client.actor("w")?;
    let other: ActorRef<Worker> = client.actor("other")?;
    worker.hold(door).tell().await?;
    begun.recv().await.unwrap();
    let panics = worker.panic("of the test".into()).reply().await?;
    let ask = |length| far.env("x".repeat(length)).into_future();
    let mut asks = join_all([255 << 10, 257 << 10].map(ask));
    assert!(support::poll_once(&mut asks).is_pending());
    // The requests before this one have arrived.
    other.pid().await?;
    open.add_permits(1);
    assert!(matches!(panics.await, Err(AskError::Panicked { .. })));
    let answers = asks.await;
    assert!(matches!(answers[0], Ok(None)), "{answers:?}");
    let refused = answers[1].as_ref().unwrap_err();
    assert!(matches!(refused, AskError::Stopped { .. }), "{refused:?}");
    assert_eq!(refused.delivery(), Delivery::NotDelivered);
    assert_eq!(worker.generation(), Some(2));
    Ok(())
}

/// More requests than there is room for at once between two processes.
#[support::test]
async fn requests_of_clients_wait_for_the_next_process_in_their_order() -> conclib::Result {
    let system = System::new("test");
    let (door, mut ends, open) = door(&system)?;
    let worker = system.actor(Worker::default()).urn("w").in_process();
    let worker = worker.restart(policy(1)).spawn().await?;
    worker.linger(door).await?;
    system.actor(Worker::default()).urn("other").spawn()?;
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&system, "tcp://127.0.0.1:0")
        .key(key.clone())
        .await?;
    assert!(worker.panic("of the test".into()).await.is_err());
    ends.recv().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let client = ProxyClient::connect(proxy.url()).key(key.clone()).await?;
        let far: [ActorRef<Worker>; 2] = [client.actor("w")?, client.actor("other")?];
        clients.push((far, client));
    }
    let mut asked = Vec::new();
    for ([worker, other], _) in &clients {
        let asks = (0..200).map(|_| worker.add(1).into_future());
        let mut asks = join_all(asks);
        assert!(support::poll_once(&mut asks).is_pending());
        // The requests before this one have arrived.
        other.pid().await?;
        asked.push(asks);
    }
    open.add_permits(1);
    for asks in asked {
        let sums = asks.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        assert!(sums.is_sorted(), "{sums:?}");
    }
    assert_eq!(worker.add(0).await?, 600);
    Ok(())
}

#[support::test]
async fn the_end_of_an_actor_that_was_to_answer_in_place_of_this_one_is_told_at_once()
-> conclib::Result {
    let system = System::new("test");
    let worker = system.actor(Worker::default()).in_process();
    let worker = worker.restart(policy(1)).spawn().await?;
    let (door, mut ends, open) = door(&system)?;
    let other = system.actor(Worker::default()).in_process().spawn().await?;
    assert_eq!(worker.pid_of(other.clone()).await?, other.pid().await?);
    other.linger(door).await?;
    let stops = other.stop();
    ends.recv().await.unwrap();
    let refused = worker.pid_of(other).await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { .. }), "{refused:?}");
    assert_eq!(refused.delivery(), Delivery::MayHaveRun);
    assert_eq!(worker.generation(), Some(1));
    open.add_permits(1);
    stops.await;
    Ok(())
}

#[support::test]
async fn an_ask_to_an_actor_that_stops_is_refused_at_once() -> conclib::Result {
    let system = System::new("test");
    let (door, mut ends, open) = door(&system)?;
    let worker = system.actor(Worker::default()).in_process();
    let worker = worker.restart(policy(1)).spawn().await?;
    worker.linger(door).await?;
    let mut stops = worker.stop().into_future();
    assert!(support::poll_once(&mut stops).is_pending());
    ends.recv().await.unwrap();
    let refused = worker.pid().await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { .. }), "{refused:?}");
    assert_eq!(refused.delivery(), Delivery::NotDelivered);
    assert!(support::poll_once(&mut stops).is_pending());
    open.add_permits(1);
    assert_eq!(stops.await, StopReason::Stopped);
    Ok(())
}

#[support::test]
async fn messages_wait_while_the_old_process_ends() -> conclib::Result {
    let system = System::new("test");
    let (door, mut ends, open) = door(&system)?;
    let policy = Restart::on_failure().backoff(Backoff::none());
    let worker = system.actor(Worker::default()).in_process().restart(policy);
    let worker = worker.spawn().await?;
    worker.linger(door).await?;
    let before = worker.pid().await?;
    assert!(worker.panic("of the test".into()).await.is_err());
    ends.recv().await.unwrap();

    let mut asking = worker.pid().into_future();
    let told = worker.add(1).tell().into_future();
    tokio::pin!(told);
    for _ in 0..100 {
        assert!(support::poll_once(&mut asking).is_pending());
        assert!(support::poll_once(&mut told).is_pending());
        tokio::task::yield_now().await;
    }
    open.add_permits(1);
    told.await?;
    assert_ne!(asking.await?, before);
    assert_eq!(worker.add(1).await?, 2);
    Ok(())
}
