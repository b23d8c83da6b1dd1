//! Figures of a server, and of the dead letters in it.

use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::Remote;
use conclib_redis::{Profile, RedisBroker, RedisClient, RedisDaemon, RedisSnapshot, start_redis};
use nix::sys::signal::Signal;
use support::processes::*;

use crate::servers::*;

#[actor(urn = "poisoned")]
struct Poisoned;

#[actor]
impl Poisoned {
    #[message]
    fn swallow(&mut self) {
        panic!("as ordered");
    }
}

/// Makes a dead letter in a namespace, and returns the number of those that its process has made.
async fn dead_letter(redis: &RedisDaemon, namespace: &str) -> u64 {
    let url = || format!("{}?ns={namespace}", redis.url()).parse().unwrap();
    let system = System::new("poisoned");
    let restart = Restart::on_failure().max(10, Duration::from_secs(60));
    let poisoned = system.actor_with(|| Poisoned).restart(restart);
    poisoned.spawn().unwrap();
    let broker = RedisBroker::open(url(), None, system.inlet())
        .await
        .unwrap();
    let client = RedisClient::connect(url(), None).await.unwrap();
    let poisoned = Remote::new(client.outlet(), Urn::new("poisoned"));
    let call = Call::new(poisoned, PoisonedSwallow {}).durable();
    let ended = call.timeout(Duration::from_secs(60)).await;
    assert!(ended.is_err(), "{ended:?}");
    let made = broker.stats().dead_letters;
    client.close().await;
    conclib::spi::Broker::close(&broker).await;
    system.shutdown().await;
    made
}

/// Waits for figures that are so.
async fn figures(redis: &RedisDaemon, is_so: impl Fn(&RedisSnapshot) -> bool) -> RedisSnapshot {
    loop {
        match redis.snapshot().await {
            Ok(snapshot) if is_so(&snapshot) => return snapshot,
            _ => tokio::task::yield_now().await,
        }
    }
}

#[support::test]
async fn a_snapshot_has_the_figures_of_the_server_and_counts_the_dead_letters_in_it() {
    let directory = data_dir();
    let config = ephemeral().profile(Profile::Strict);
    let redis = start_redis(&config.directory(directory.path()))
        .await
        .unwrap();
    let first = redis.snapshot().await.unwrap();
    assert_eq!((first.restarts, first.blocked_clients), (0, 0));
    assert_eq!((first.dead_letters, first.aof_delayed_fsync), (0, 0));
    assert!(first.used_memory > 100_000, "{first:?}");

    assert_eq!(dead_letter(&redis, "shop").await, 1);
    assert_eq!(dead_letter(&redis, "bank").await, 1);
    let mut client = Client::of(redis.url()).await;
    // Another database has letters of its own, and keys of others are none.
    for command in [
        "XADD conclib:shop:box:{a}:mail * m 1",
        "SELECT 3",
        "XADD conclib:shop/3:box:{a}:dead * m 1",
        "XADD conclib:shop/3:box:{b}:dead * m 1",
        "XADD a:dead * m 1",
        "SET conclib:shop/3:box:{c}:dead 1",
    ] {
        let answer = client.ask(command).await;
        assert!(!answer.starts_with('-'), "{answer}");
    }
    assert_eq!(redis.snapshot().await.unwrap().dead_letters, 4);

    let mut blocked = Client::of(redis.url()).await;
    blocked.send("BLPOP nothing 0").await;
    figures(&redis, |now| now.blocked_clients == 1).await;
    drop(blocked);
    figures(&redis, |now| now.blocked_clients == 0).await;

    let server = Process::of(redis.pid());
    send(server.pid, Signal::SIGKILL);
    ready_again(&redis, &server).await;
    let after = redis.snapshot().await.unwrap();
    assert_eq!((after.restarts, after.dead_letters), (1, 4));
}

#[support::test]
async fn a_server_that_hangs_has_no_figures_within_three_seconds() {
    let redis = start_redis(&ephemeral()).await.unwrap();
    send(redis.pid(), Signal::SIGSTOP);
    let (asked, ()) = tokio::join!(redis.snapshot(), skip(Duration::from_secs(4)));
    let error = asked.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    send(redis.pid(), Signal::SIGCONT);
    figures(&redis, |_| true).await;
}

#[cfg(feature = "metrics")]
mod recorded {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{
        Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    use super::*;

    /// Recorder that keeps counters and gauges, by their names and labels.
    #[derive(Default)]
    struct Figures(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

    impl Figures {
        fn kept(&self, key: &Key) -> Arc<AtomicU64> {
            let labels = key
                .labels()
                .map(|label| format!(" {}={}", label.key(), label.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            self.0.lock().unwrap().entry(name).or_default().clone()
        }

        fn bits(&self, name: &str) -> u64 {
            let figure = self.0.lock().unwrap().get(name).cloned();
            figure.map_or(0, |figure| figure.load(Ordering::Relaxed))
        }
    }

    impl Recorder for Figures {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.kept(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.kept(key))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[support::test]
    async fn the_recorder_has_the_figures_of_a_server_and_the_dead_letters_of_a_namespace() {
        let recorded = Figures::default();
        let _recorder = metrics::set_default_local_recorder(&recorded);
        let redis = start_redis(&ephemeral()).await.unwrap();
        let server = redis.url_without_password().to_owned();
        let gauge = |name: &str| {
            f64::from_bits(recorded.bits(&format!("conclib_redis_{name} server={server}")))
        };
        dead_letter(&redis, "shop").await;
        let dead = "conclib_redis_dead_letters_total namespace=shop";
        assert_eq!(recorded.bits(dead), 1);
        eventually("memory", || gauge("used_memory_bytes") > 100_000.0).await;
        let mut blocked = Client::of(redis.url()).await;
        blocked.send("BLPOP nothing 0").await;
        eventually("a blocked client", || gauge("blocked_clients") > 0.5).await;
        let server_process = Process::of(redis.pid());
        send(server_process.pid, Signal::SIGKILL);
        ready_again(&redis, &server_process).await;
        let restarts = format!("conclib_redis_restarts_total server={server}");
        assert_eq!(recorded.bits(&restarts), 1);
        let names: Vec<_> = recorded.0.lock().unwrap().keys().cloned().collect();
        let secret = redis.url().split([':', '@']).nth(2).unwrap().to_owned();
        assert!(
            names.iter().all(|name| !name.contains(&secret)),
            "{names:?}"
        );
    }
}
