//! Metrics for a recorder of the crate `metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::prelude::*;
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use support::{Scribe, ScribeCalls, hold, scribe, until, work};

/// Recorder that keeps all metrics, by name and labels.
#[derive(Default)]
struct Figures {
    counters: Kept<AtomicU64>,
    gauges: Kept<AtomicU64>,
    histograms: Kept<Samples>,
}

type Kept<T> = Mutex<BTreeMap<String, Arc<T>>>;

#[derive(Default)]
struct Samples(Mutex<Vec<f64>>);

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

/// Name of a metric, and its labels other than system and type.
fn name(key: &Key) -> String {
    let labels: BTreeMap<_, _> = key
        .labels()
        .map(|label| (label.key(), label.value()))
        .collect();
    assert_eq!(labels["system"], "metrics");
    assert!(labels["actor"].ends_with("::Scribe") || labels["actor"].ends_with("::Slow"));
    match labels.get("cause") {
        Some(cause) => format!("{} {cause}", key.name()),
        None => key.name().to_owned(),
    }
}

fn kept<T: Default>(all: &Kept<T>, key: &Key) -> Arc<T> {
    all.lock().unwrap().entry(name(key)).or_default().clone()
}

impl Recorder for Figures {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(kept(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(kept(&self.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(kept(&self.histograms, key))
    }
}

impl Figures {
    fn counter(&self, name: &str) -> u64 {
        self.counters.lock().unwrap()[name].load(Ordering::Relaxed)
    }

    fn depth(&self) -> f64 {
        let gauges = self.gauges.lock().unwrap();
        f64::from_bits(gauges["conclib_mailbox_depth"].load(Ordering::Relaxed))
    }

    fn seconds(&self, name: &str) -> Vec<f64> {
        self.histograms.lock().unwrap()[name]
            .0
            .lock()
            .unwrap()
            .clone()
    }
}

/// Runs a test on this thread, with a recorder of its own and a paused clock.
fn measured<F: Future>(test: impl FnOnce(Arc<Figures>, System) -> F) -> F::Output {
    let figures = Arc::new(Figures::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&figures, || {
        runtime.block_on(test(figures.clone(), System::new("metrics")))
    })
}

#[support::test]
fn a_hundred_good_and_three_failed_messages_are_counted_exactly() {
    measured(async |figures, system| {
        let scribe = system.spawn(scribe().0).unwrap();
        for n in 0..50 {
            scribe.note(n).tell().await.unwrap();
            scribe.echo(n).await.unwrap();
        }
        assert!(scribe.refuse("a".into()).await.is_err());
        scribe.refuse("b".into()).tell().await.unwrap();
        assert!(scribe.explode("c".into()).await.is_err());
        scribe.stopped().await;
        assert_eq!(figures.counter("conclib_handled_total"), 103);
        assert_eq!(figures.counter("conclib_failed_total"), 3);
        assert_eq!(figures.counter("conclib_restarts_total"), 0);
        assert_eq!(figures.counter("conclib_dead_letters_total panicked"), 1);
        for cause in ["stopped", "mailbox_full", "asker_left"] {
            let name = format!("conclib_dead_letters_total {cause}");
            assert_eq!(figures.counter(&name), 0);
        }
        assert_eq!(figures.seconds("conclib_wait_seconds").len(), 103);
        assert_eq!(figures.seconds("conclib_handle_seconds").len(), 103);
        assert_eq!(figures.depth(), 0.0);
    });
}

/// Handles messages slowly.
#[actor]
struct Slow;

#[actor]
impl Slow {
    #[message]
    async fn work(&mut self, seconds: u64) {
        work(Duration::from_secs(seconds)).await;
    }
}

#[support::test]
fn the_times_are_those_of_the_clock() {
    measured(async |figures, system| {
        let slow = system.actor(Slow).mailbox(1).spawn().unwrap();
        slow.started().await.unwrap();
        slow.work(2).tell().await.unwrap();
        until(|| figures.seconds("conclib_wait_seconds").len() == 1).await;
        slow.work(3).tell().await.unwrap();
        // Its sender waits for a slot, too.
        slow.work(4).tell().await.unwrap();
        slow.stop().await;
        assert_eq!(figures.seconds("conclib_wait_seconds"), [0.0, 2.0, 5.0]);
        assert_eq!(figures.seconds("conclib_handle_seconds"), [2.0, 3.0, 4.0]);
    });
}

#[support::test]
fn the_depth_is_that_of_all_mailboxes_of_a_type() {
    measured(async |figures, system| {
        let small = system
            .actor(scribe().0)
            .mailbox(2)
            .overflow(Overflow::DropNewest);
        let small = small.spawn().unwrap();
        let keeper = hold(&small).await;
        let other = system.actor(scribe().0).urn("other").spawn().unwrap();
        let other_keeper = hold(&other).await;
        assert_eq!(figures.depth(), 0.0);
        for n in 0..3 {
            small.note(n).tell().await.unwrap();
            other.note(n).tell().await.unwrap();
        }
        assert_eq!(figures.depth(), 5.0, "one was dropped");
        assert_eq!(
            figures.counter("conclib_dead_letters_total mailbox_full"),
            1
        );
        keeper.open();
        small.stop().await;
        assert_eq!(figures.depth(), 3.0);
        let end = other.stop_now();
        other_keeper.open();
        end.await;
        assert_eq!(figures.depth(), 0.0, "what nobody will serve does not wait");
        assert_eq!(figures.counter("conclib_dead_letters_total stopped"), 3);
        assert_eq!(figures.counter("conclib_handled_total"), 4);
    });
}

#[support::test]
fn restarts_are_counted_and_what_waits_goes_on_waiting() {
    measured(async |figures, system| {
        let policy = Restart::on_failure().backoff(Backoff::none());
        let scribe = system
            .actor_with(Scribe::default)
            .restart(policy)
            .spawn()
            .unwrap();
        let keeper = hold(&scribe).await;
        scribe.explode("once".into()).tell().await.unwrap();
        scribe.note(1).tell().await.unwrap();
        assert_eq!(figures.depth(), 2.0);
        keeper.open();
        assert_eq!(scribe.echo(1).await.unwrap(), 1);
        assert_eq!(figures.counter("conclib_restarts_total"), 1);
        assert_eq!(figures.counter("conclib_failed_total"), 1);
        assert_eq!(figures.counter("conclib_handled_total"), 4);
        assert_eq!(figures.depth(), 0.0);
    });
}

#[support::test]
fn without_a_recorder_nothing_is_measured() {
    let figures = Arc::new(Figures::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let system = System::new("metrics");
        let scribe = system.spawn(scribe().0).unwrap();
        scribe.echo(1).await.unwrap();
        // Too late: the recorder is looked up once, when an actor is spawned.
        let _recorder = metrics::set_default_local_recorder(&figures);
        scribe.echo(1).await.unwrap();
    });
    assert!(figures.counters.lock().unwrap().is_empty());
}
