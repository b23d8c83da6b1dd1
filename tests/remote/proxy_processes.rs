//! Proxies and clients in real processes: this test program starts itself.

use std::env;
use std::future::IntoFuture;
use std::io::{Read, stdin};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use support::child::Kid;
use support::nodes::{Home, NodeCalls};
use support::outside::{
    DeskDouble, DeskOrigin, DeskPromise, DeskWait, House, Place, Road, on_every_road, settle,
};
use support::{next_dead_letter, poll_once, until};
use tokio::task::JoinSet;
use tokio::time::Instant;

on_every_road! {
    four_processes_ask_500_times_each,
    a_client_that_is_killed,
    a_server_that_is_killed,
    a_circle_through_two_processes,
}

const SOON: Duration = Duration::from_secs(20);

/// Starts this program again, as one of the children below.
fn this_program(child: &str, place: &Place) -> conclib::Result<Kid> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", child, "--nocapture"]);
    command.env("PROXY_TEST_PLACE", place.to_env());
    Ok(Kid::start(&mut command)?)
}

/// Address from the environment; `None` in the test program itself. The
/// `child_` functions are not tests, and do nothing there. A child ends with
/// its parent.
fn part_to_play() -> Option<Place> {
    let place = env::var("PROXY_TEST_PLACE").ok()?;
    thread::spawn(|| {
        // Returns at the end of the pipe, as nothing is ever written.
        let _ = stdin().read(&mut [0]);
        std::process::exit(1);
    });
    Place::from_env(&place)
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_asks() -> conclib::Result {
    let Some(place) = part_to_play() else {
        return Ok(());
    };
    let client = place.client().await?;
    let offset = u64::from(std::process::id()) * 1000;
    let mut askers = JoinSet::new();
    for n in offset..offset + 500 {
        let client = client.clone();
        askers.spawn(async move { client.ask("desk", DeskDouble { n }).await == Ok(2 * n) });
    }
    let right = askers.join_all().await.into_iter().filter(|right| *right);
    println!("right: {}", right.count());
    println!("origin: {}", client.ask("desk", DeskOrigin {}).await?);
    Ok(())
}

#[support::test]
async fn child_waits() -> conclib::Result {
    let Some(place) = part_to_play() else {
        return Ok(());
    };
    let client = place.client().await?;
    let waiting = client.ask("desk", DeskWait { n: 2 }).reply().await?;
    settle(&client).await?;
    println!("waiting");
    waiting.await?;
    Ok(())
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_serves() -> conclib::Result {
    let Some(place) = part_to_play() else {
        return Ok(());
    };
    let house = House::open_at(place).await?;
    println!("serving: {}", house.proxy.url());
    house.system.run_until_signal().await?;
    Ok(())
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_asks_back() -> conclib::Result {
    let Some(place) = part_to_play() else {
        return Ok(());
    };
    let road = match place.socket {
        Some(_) => Road::Unix,
        None => Road::Tcp,
    };
    let home = Home::open(road).await?;
    let (_node, mut watch) = home.node("b")?;
    watch.leads_to(place.client().await?.actor("a")?);
    println!("serving: {}", home.place.to_env());
    let _held = watch.turn().await;
    println!("holding: a turn");
    home.system.run_until_signal().await?;
    Ok(())
}

async fn four_processes_ask_500_times_each(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let mut kids = Vec::new();
    for _ in 0..4 {
        kids.push(this_program(
            &support::test_name!(child_asks),
            &house.place,
        )?);
    }
    for kid in &mut kids {
        assert_eq!(kid.said("right: ").await?, "500");
        let origin = kid.said("origin: ").await?;
        match road {
            Road::Unix => assert_eq!(origin, format!("process {}", kid.id())),
            Road::Tcp => assert!(origin.starts_with("peer 127."), "{origin}"),
        }
        assert!(kid.exited()?.success());
    }
    // The messages are counted after their answers were sent.
    until(|| house.handled() == 4 * 501).await;
    Ok(())
}

async fn a_client_that_is_killed(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let mut events = house.system.events();
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    let mut kid = this_program(&support::test_name!(child_waits), &house.place)?;
    kid.said("waiting").await?;
    let tasks = support::alive();
    kid.kill()?;
    until(|| support::alive() < tasks).await;

    keeper.open();
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    assert_eq!(busy.await?, 1);
    assert_eq!(client.ask("desk", DeskDouble { n: 4 }).await?, 8);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    Ok(())
}

async fn a_server_that_is_killed(road: Road) -> conclib::Result {
    let mut place = Place::new(road)?;
    let mut server = this_program(&support::test_name!(child_serves), &place)?;
    place.set_url(server.said("serving: ").await?);
    let client = place.client().await?;

    for round in 0..3 {
        // One request in its turn, and many behind it.
        let mut asks = Vec::new();
        for n in 0..100 {
            asks.push(client.ask("desk", DeskWait { n }).reply().await?);
        }
        settle(&client).await?;
        let killed = Instant::now();
        server.kill()?;
        for ask in asks {
            let error = ask.await.unwrap_err();
            let lost = matches!(error, AskError::Disconnected { .. });
            assert!(lost && error.delivery() == Delivery::MayHaveRun, "{error}");
        }
        let took = killed.elapsed();
        assert!(took < SOON, "{took:?}");

        // A request made during the outage waits: for its deadline, or for a
        // server.
        let after = Duration::from_millis(30);
        let late = client.ask("desk", DeskDouble { n: 1 }).timeout(after);
        let error = late.await.unwrap_err();
        assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let waits = client.ask("desk", DeskDouble { n: round });
        let mut waits = waits.timeout(SOON).into_future();
        assert!(poll_once(&mut waits).is_pending());
        // The file of the killed server does not prevent a new one.
        assert_eq!(place.has_file(), road == Road::Unix);
        server = this_program(&support::test_name!(child_serves), &place)?;
        assert_eq!(waits.await?, 2 * round);
    }

    server.signal("TERM")?;
    assert!(server.exited()?.success());
    assert!(!place.has_file());
    Ok(())
}

/// A killed server never loses a request without an error.
#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ask_ends_when_a_server_is_killed_under_load() -> conclib::Result {
    let mut place = Place::new(Road::Unix)?;
    let mut server = this_program(&support::test_name!(child_serves), &place)?;
    place.set_url(server.said("serving: ").await?);
    let client = place.client().await?;
    let enough = Arc::new(AtomicBool::new(false));
    let mut askers = JoinSet::new();
    for asker in 0..8 {
        let (client, enough) = (client.clone(), enough.clone());
        askers.spawn(async move {
            let mut asked = asker * 1_000_000;
            while !enough.load(Ordering::Relaxed) {
                asked += 1;
                let ask = client.ask("desk", DeskDouble { n: asked });
                match ask.timeout(SOON).await {
                    Ok(doubled) => assert_eq!(doubled, 2 * asked),
                    Err(AskError::Disconnected { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
    }
    for _ in 0..3 {
        settle(&client).await?;
        let behind = client.ask("desk", DeskPromise {}).reply().await?;
        server.kill()?;
        let error = behind.await.unwrap_err();
        assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
        server = this_program(&support::test_name!(child_serves), &place)?;
        client
            .ask("desk", DeskDouble { n: 1 })
            .timeout(SOON)
            .await?;
    }
    enough.store(true, Ordering::Relaxed);
    for asker in askers.join_all().await {
        asker?;
    }
    Ok(())
}

async fn a_circle_through_two_processes(road: Road) -> conclib::Result {
    let home = Home::open(road).await?;
    let (a, watch) = home.node("a")?;
    let mut kid = this_program(&support::test_name!(child_asks_back), &home.place)?;
    let there = Place::from_env(&kid.said("serving: ").await?).ok_or("it is nowhere")?;
    let b = there.client().await?.actor("b")?;
    watch.leads_to(b.clone());
    for _ in 0..3 {
        for (node, path) in [
            (&a, "Node(b) -> Node(a) -> Node(b)"),
            (&b, "Node(a) -> Node(b) -> Node(a)"),
        ] {
            let error = node.pass(if node == &a { 2 } else { 3 }).await;
            let error = error.map_err(|error| error.to_string()).unwrap_err();
            assert!(error.contains(path), "{error}");
        }
    }
    for _ in 0..300 {
        let (of_a, of_b) = tokio::join!(a.pass(1), b.pass(1));
        let told: Vec<_> = [of_a, of_b].into_iter().filter_map(Result::err).collect();
        assert!(told.len() <= 1, "{told:?}");
        for error in told {
            assert!(error.to_string().contains("would deadlock: "), "{error}");
        }
    }
    let asked = a.ask_held().reply().await?;
    kid.said("holding: ").await?;
    assert!(!home.system.snapshot().actors[0].waiting_for.is_empty());
    kid.kill()?;
    let error = asked.await.unwrap_err().to_string();
    assert!(error.contains("was lost"), "{error}");
    assert!(home.system.snapshot().actors[0].waiting_for.is_empty());
    Ok(())
}
