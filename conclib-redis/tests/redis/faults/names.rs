//! Names that several systems have, that move, and that nobody has.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib_redis::RedisClient;
use futures_util::future::join_all;

use super::history::History;
use super::raw::Raw;
use super::worker::{Worker, WorkerName, WorkerPlace, WorkerWait};
use super::{ask, client, serve};
use crate::server;

fn url() -> String {
    format!(
        "redis+unix://{}?ns={}",
        server::socket(),
        server::namespace()
    )
}

/// System that has a worker of that name.
async fn system(name: &str, url: &str) -> System {
    let system = System::new(name);
    system.spawn(Worker::named(name)).unwrap();
    serve(&system, url).await;
    system
}

async fn name(client: &Arc<RedisClient>) -> String {
    ask(client, "worker", WorkerName {}).await.unwrap()
}

#[support::test]
async fn all_clients_ask_the_same_one_of_two_systems_that_have_a_name_and_warn() {
    let (log, _guard) = support::capture::capture_of("conclib::redis");
    let url = url();
    let (a, b) = (system("a", &url).await, system("b", &url).await);
    let mut chosen = HashSet::new();
    for _ in 0..10 {
        let client = client(&url).await;
        chosen.insert(name(&client).await);
        client.close().await;
    }
    assert_eq!(chosen.len(), 1, "{chosen:?}");
    let lines = log.lines();
    let warned = lines
        .iter()
        .filter(|line| line.starts_with("WARN") && line.contains("worker"));
    // A search does not wait for ever for a proxy on a busy machine.
    assert!(warned.count() > 0, "{lines:?}");
    a.shutdown().await;
    b.shutdown().await;
}

#[support::test]
async fn namespaces_and_databases_never_meet() {
    let (mine, other) = (url(), url());
    let database = format!("{mine}&db=1");
    let (here, there) = (system("here", &mine).await, system("there", &other).await);
    let (near, far, third) = (
        client(&mine).await,
        client(&other).await,
        client(&database).await,
    );
    assert_eq!(
        (name(&near).await, name(&far).await),
        ("here".into(), "there".into())
    );
    let nobody = ask(&third, "worker", WorkerName {}).await;
    assert!(
        matches!(nobody, Err(AskError::NoProxy { .. })),
        "{nobody:?}"
    );
    there.shutdown().await;
    let gone = ask(&far, "worker", WorkerName {}).await;
    assert!(matches!(gone, Err(AskError::NoProxy { .. })), "{gone:?}");
    assert_eq!(name(&near).await, "here");
    for client in [near, far, third] {
        client.close().await;
    }
    here.shutdown().await;
}

#[support::test]
async fn two_proxies_share_the_work_of_a_pool_and_one_takes_over_all_of_it() {
    let url = url();
    let mut systems = Vec::new();
    for name in ["a", "b"] {
        let system = System::new(name);
        let pool = system
            .pool(move || Worker::named(name))
            .size(2)
            .urn("worker");
        let pool = pool.spawn().unwrap();
        serve(&system, &url).await;
        systems.push((system, pool));
    }
    let client = client(&url).await;
    let mut served = [0, 0];
    for _ in 0..100 {
        served[usize::from(name(&client).await == "b")] += 1;
    }
    assert_eq!(served, [50, 50]);
    systems.pop().unwrap().0.shutdown().await;
    for _ in 0..100 {
        assert_eq!(name(&client).await, "a");
    }
    client.close().await;
    systems.pop().unwrap().0.shutdown().await;
}

#[support::test]
async fn an_actor_is_found_in_the_system_that_took_the_place_of_another() {
    let url = url();
    let (first, client) = (system("first", &url).await, client(&url).await);
    assert_eq!(name(&client).await, "first");
    let second = system("second", &url).await;
    first.shutdown().await;
    assert_eq!(name(&client).await, "second");
    client.close().await;
    second.shutdown().await;
}

#[support::test]
async fn an_actor_that_has_moved_to_another_system_is_found_there() {
    let url = url();
    let (first, second) = (system("first", &url).await, System::new("second"));
    serve(&second, &url).await;
    let client = client(&url).await;
    for round in 0..10 {
        let (from, to, at) = match round % 2 {
            0 => (&first, &second, "second"),
            _ => (&second, &first, "first"),
        };
        assert_ne!(name(&client).await, at);
        from.get::<Worker>("worker").unwrap().stop().await;
        to.spawn(Worker::named(at)).unwrap();
        // Requests that find the place empty in which the actor was are sent anew, in their order.
        let asks = (0..64).map(|_| ask(&client, "worker", WorkerPlace {}).into_future());
        let places = super::soon(join_all(asks)).await;
        for (number, place) in (0..).zip(places) {
            assert_eq!(place.unwrap(), (at.into(), number));
        }
    }
    client.close().await;
    first.shutdown().await;
    second.shutdown().await;
}

#[support::test]
async fn an_actor_that_has_ended_is_nowhere() {
    let url = url();
    let (system, client) = (system("one", &url).await, client(&url).await);
    assert_eq!(name(&client).await, "one");
    let worker = system.get::<Worker>("worker").unwrap();
    worker.stop().await;
    let ended = ask(&client, "worker", WorkerName {}).await;
    assert!(
        matches!(ended, Err(AskError::NoSuchActor { .. })),
        "{ended:?}"
    );
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_ask_ends_at_its_deadline_while_its_actor_is_searched() {
    let namespace = server::namespace();
    let url = format!("redis+unix://{}?ns={namespace}", server::socket());
    let (system, client) = (system("one", &url).await, client(&url).await);
    assert_eq!(name(&client).await, "one");
    // A proxy that hangs may have the actor.
    let mut hangs = Raw::connect(server::socket()).await.unwrap();
    hangs
        .run(&format!("SSUBSCRIBE conclib:{namespace}:find"))
        .await;
    system.get::<Worker>("worker").unwrap().stop().await;
    let limit = Duration::from_millis(300);
    let late = ask(&client, "worker", WorkerName {}).timeout(limit).await;
    assert!(
        matches!(late, Err(AskError::Deadline { after, .. }) if after == limit),
        "{late:?}"
    );
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_actor_that_hangs_delays_no_other() {
    let url = url();
    let (system, history) = (system("one", &url).await, History::default());
    let (open, gate) = tokio::sync::watch::channel(false);
    let mut stuck = Worker::new(&history);
    stuck.gate = Some(gate);
    system.actor(stuck).urn("stuck").spawn().unwrap();
    let client = client(&url).await;
    let mut waiting = tokio::task::JoinSet::new();
    for id in 0..2000 {
        let waits = ask(&client, "stuck", WorkerWait { id });
        waiting.spawn(waits.timeout(Duration::from_secs(60)).into_future());
    }
    for _ in 0..100 {
        assert_eq!(name(&client).await, "one");
    }
    open.send_replace(true);
    let answers = super::soon(waiting.join_all()).await;
    let answers: HashSet<u64> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.len(), 2000);
    client.close().await;
    system.shutdown().await;
}
