//! Each turn is a span, below the span of the sender.

use conclib::Request;
use conclib::prelude::*;
use support::spans::Spans;
use support::{Gate, gate, until};
use tracing::Instrument;
use tracing::level_filters::LevelFilter;

/// Nothing of this costs time on the path of a message without a subscriber.
const _: () = {
    assert!(size_of::<ReplyTo<u64, support::NoGood>>() == 16);
    assert!(size_of::<Request<AskerDouble>>() == 8 + 16 + 8);
    assert!(size_of::<Request<AskerPlain>>() == 16 + 8);
};

/// Asks another actor.
#[actor]
#[derive(Default)]
struct Asker {
    next: Option<ActorRef<Asker>>,
}

#[actor]
impl Asker {
    #[message]
    async fn plain(&mut self) {
        tokio::task::yield_now().await;
        tracing::info!("plain work");
    }

    #[message]
    async fn double(&mut self, n: u64) -> u64 {
        tokio::task::yield_now().await;
        2 * n
    }

    #[message]
    async fn through(&mut self, n: u64) -> u64 {
        let next = self.next.clone().expect("a next one");
        tracing::info!("before");
        let doubled = next.double(n).await.expect("the next one lives");
        tracing::info!("after");
        doubled + 1
    }

    #[message]
    async fn pass_on(&mut self) {
        let next = self.next.clone().expect("a next one");
        next.plain().tell().await.expect("the next one lives");
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        tracing::info!("held");
    }

    #[message(concurrent)]
    fn beside(&mut self, n: u64) -> impl Future<Output = u64> + use<> {
        async move {
            tracing::info!("beside begins");
            tokio::task::yield_now().await;
            tracing::info!("beside ends");
            n
        }
    }

    #[message]
    fn explode(&mut self) {
        panic!("of course");
    }

    #[message]
    fn refuse(&mut self, why: String) -> Result<(), support::NoGood> {
        Err(support::NoGood(why))
    }
}

#[support::test]
async fn an_ask_is_below_the_span_of_its_asker_and_so_is_what_it_asks() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let second = system
        .actor(Asker::default())
        .urn("second")
        .spawn()
        .unwrap();
    let next = Some(second);
    let first = Asker { next };
    let first = system.actor(first).urn("first").spawn().unwrap();

    let request = tracing::info_span!("request");
    let asked = async { first.through(20).await.unwrap() };
    assert_eq!(asked.instrument(request).await, 41);

    let all = spans.all_spans();
    assert_eq!((all.len(), all[0].name), (3, "request"), "{all:?}");
    let (outer, through) = spans.turn("through");
    assert_eq!((through.target, through.parent), ("conclib", Some(0)));
    assert_eq!(
        (through.field("urn"), through.field("generation")),
        ("first", "1")
    );
    let (_, double) = spans.turn("double");
    assert_eq!(
        (double.field("urn"), double.parent),
        ("second", Some(outer))
    );
    // The value is in the turn only, and the body is never logged.
    for text in ["before", "after"] {
        assert_eq!(spans.events(text)[0].parent, Some(outer));
    }
    for seen in all {
        assert!(
            seen.fields.values().all(|value| !value.contains("20")),
            "{seen:?}"
        );
        assert!(!seen.fields.contains_key("trace_id"), "{seen:?}");
    }
    until(|| spans.is_over()).await;
}

#[support::test]
async fn a_tell_is_below_its_teller_and_one_without_a_span_is_a_root() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let next = Some(system.spawn(Asker::default()).unwrap());
    let first = system.spawn(Asker { next }).unwrap();
    first.pass_on().await.unwrap();
    until(|| spans.events("plain work").len() == 1).await;
    let (teller, pass_on) = spans.turn("pass_on");
    assert_eq!(pass_on.parent, None);
    let (told, plain) = spans.turn("plain");
    assert_eq!(plain.parent, Some(teller));
    assert_eq!(spans.events("plain work")[0].parent, Some(told));
}

#[support::test]
async fn turns_that_wait_are_not_inside_each_others_spans() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let one = system.spawn(Asker::default()).unwrap();
    let two = system.spawn(Asker::default()).unwrap();
    let (first, mut keeper) = gate();
    one.hold(first).tell().await.unwrap();
    keeper.entered().await;
    two.plain().await.unwrap();
    tracing::info!("elsewhere");
    assert_eq!(spans.events("elsewhere")[0].parent, None);
    let (plain, _) = spans.turn("plain");
    assert_eq!(spans.events("plain work")[0].parent, Some(plain));
    keeper.open();
    until(|| !spans.events("held").is_empty()).await;
    assert_eq!(spans.events("held")[0].parent, Some(spans.turn("hold").0));
}

#[support::test]
async fn a_concurrent_handler_is_inside_its_span_to_its_end() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let one = system.spawn(Asker::default()).unwrap();
    assert_eq!(one.beside(3).await.unwrap(), 3);
    let (turn, _) = spans.turn("beside");
    for text in ["beside begins", "beside ends"] {
        assert_eq!(spans.events(text)[0].parent, Some(turn));
    }
}

#[support::test]
async fn the_generation_is_that_of_the_incarnation() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let policy = Restart::on_failure().backoff(Backoff::none());
    let one = system
        .actor_with(Asker::default)
        .restart(policy)
        .spawn()
        .unwrap();
    one.plain().await.unwrap();
    assert!(one.explode().await.is_err());
    one.plain().await.unwrap();
    let generations: Vec<_> = spans.turns("plain").into_iter().collect();
    assert_eq!(generations[0].1.field("generation"), "1");
    assert_eq!(generations[1].1.field("generation"), "2");
}

#[support::test]
async fn what_is_logged_of_a_failed_turn_is_inside_its_span() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let one = system.spawn(Asker::default()).unwrap();
    one.refuse("no".into()).tell().await.unwrap();
    until(|| !spans.events("nobody was asking").is_empty()).await;
    let logged = &spans.events("nobody was asking")[0];
    assert_eq!(logged.parent, Some(spans.turn("refuse").0));
}

#[support::test]
async fn a_turn_that_is_killed_leaves_no_span_open() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let one = system.spawn(Asker::default()).unwrap();
    let (wait, mut keeper) = gate();
    one.hold(wait).tell().await.unwrap();
    keeper.entered().await;
    one.plain().tell().await.unwrap();
    one.kill().await;
    assert_eq!(spans.turns("plain").len(), 0);
    assert_eq!(spans.turns("hold").len(), 1);
    assert!(spans.is_over());
}

#[support::test]
async fn who_wants_no_spans_gets_none() {
    let (spans, _watch) = Spans::watch(LevelFilter::INFO);
    let system = System::new("spans");
    let next = Some(system.spawn(Asker::default()).unwrap());
    let first = system.spawn(Asker { next }).unwrap();
    let request = tracing::info_span!("request");
    let asked = async { first.through(1).await.unwrap() };
    assert_eq!(asked.instrument(request).await, 3);
    assert_eq!(spans.all_spans().len(), 1);
    assert_eq!(spans.events("before")[0].parent, None);
}
