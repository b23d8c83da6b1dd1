//! The seam, as a broker uses it: requests that are handled before they are confirmed, places in a
//! mailbox, names, and outlets with a codec and a class of their own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::Message;
use conclib::prelude::*;
use conclib::spi::{
    Answered, Answerer, Failure, Inlet, Name, Names, Origin, Outcome, Outlet, Remote, ReplySink,
    Room, SendRefused,
};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, Wants};
use futures_util::stream;
use serde::Serialize;
use support::outside::{
    Desk, DeskDouble, DeskExplode, DeskNote, DeskPromise, DeskRefuse, DeskWait, Watch, desk,
};
use support::poll_once;
use tokio::sync::mpsc;

/// Sink that passes the outcomes to a test.
struct Outcomes(mpsc::UnboundedSender<(u128, Outcome)>);

impl ReplySink for Outcomes {
    fn respond(&self, id: RequestId, _: Codec, outcome: Outcome) {
        let _ = self.0.send((id.as_u128(), outcome));
    }
}

/// Broker of a test: delivers requests to a system.
struct Bench {
    system: System,
    watch: Watch,
    sink: Arc<Outcomes>,
    outcomes: mpsc::UnboundedReceiver<(u128, Outcome)>,
}

impl Bench {
    fn new(mailbox: usize) -> conclib::Result<Self> {
        let system = System::new("seam");
        let (desk, watch) = desk();
        system.actor(desk).urn("desk").mailbox(mailbox).spawn()?;
        let (sender, outcomes) = mpsc::unbounded_channel();
        Ok(Self {
            system,
            watch,
            sink: Arc::new(Outcomes(sender)),
            outcomes,
        })
    }

    fn deliver<M: Message + Serialize>(&self, id: u128, wants: Wants, message: &M) -> bool {
        let inlet = self.system.inlet();
        let body = json(message);
        let delivered = inlet.deliver(
            &envelope::<M>(id, wants, &body),
            self.sink.clone(),
            Origin::Local,
        );
        delivered.is_some()
    }

    async fn outcome(&mut self) -> (u128, Outcome) {
        self.outcomes.recv().await.expect("the bench has a sink")
    }
}

fn json<M: Message + Serialize>(message: &M) -> Vec<u8> {
    let mut body = Vec::new();
    Codec::Json.encode(message, &mut body).unwrap();
    body
}

fn envelope<M: Message>(id: u128, wants: Wants, body: &[u8]) -> Envelope<'_> {
    Envelope {
        id: RequestId::from_u128(id),
        to: "desk",
        message: M::NAME,
        timeout: Duration::from_secs(60),
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants,
        class: DeliveryClass::AtLeastOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body,
    }
}

/// Three confirmations of a message: queued, handled, answered.
#[support::test]
async fn each_sender_hears_what_it_waits_for() -> conclib::Result {
    let mut bench = Bench::new(8)?;
    for (id, wants) in [(1, Wants::Queued), (2, Wants::Handled), (3, Wants::Reply)] {
        assert!(bench.deliver(id, wants, &DeskWait { n: 7 }));
    }
    let (id, outcome) = bench.outcome().await;
    assert!(
        matches!((id, &outcome), (1, Outcome::Queued)),
        "{outcome:?}"
    );
    bench.watch.turn().await?.open();
    let second = bench.watch.turn().await?;
    assert!(bench.outcomes.try_recv().is_err(), "the turn is not over");
    second.open();
    let (id, outcome) = bench.outcome().await;
    assert!(
        matches!((id, &outcome), (2, Outcome::Handled)),
        "{outcome:?}"
    );
    bench.watch.turn().await?.open();
    let (id, outcome) = bench.outcome().await;
    assert!(
        matches!((id, &outcome), (3, Outcome::Reply(body)) if body == b"7"),
        "{outcome:?}"
    );
    Ok(())
}

/// A message that was not handled is not confirmed.
#[support::test]
async fn a_turn_that_fails_is_told_as_a_failure() -> conclib::Result {
    let mut bench = Bench::new(8)?;
    let handled = Wants::Handled;
    bench.deliver(1, handled, &DeskPromise {});
    bench.watch.promise().await?.send(7);
    let (_, outcome) = bench.outcome().await;
    assert!(matches!(outcome, Outcome::Handled), "{outcome:?}");
    bench.deliver(2, handled, &DeskPromise {});
    drop(bench.watch.promise().await?);
    let (_, outcome) = bench.outcome().await;
    assert!(
        matches!(outcome, Outcome::Failure(Failure::NoReply)),
        "{outcome:?}"
    );

    bench.deliver(3, handled, &DeskWait { n: 1 });
    let keeper = bench.watch.turn().await?;
    bench.deliver(
        4,
        handled,
        &DeskExplode {
            text: "on purpose".into(),
        },
    );
    bench.deliver(5, handled, &DeskNote { n: 1 });
    keeper.open();
    let (id, outcome) = bench.outcome().await;
    assert!(
        matches!((id, &outcome), (3, Outcome::Handled)),
        "{outcome:?}"
    );
    let (id, outcome) = bench.outcome().await;
    assert!(
        matches!((id, &outcome), (4, Outcome::Failure(Failure::Panicked(fault))) if fault.message == "on purpose"),
        "{outcome:?}"
    );
    let (id, outcome) = bench.outcome().await;
    let stopped = Failure::Stopped(Delivery::NotDelivered);
    assert!(
        matches!((id, &outcome), (5, Outcome::Failure(failure)) if *failure == stopped),
        "{outcome:?}"
    );
    Ok(())
}

/// Actor that keeps the errors of told messages, and answers with streams.
#[actor(urn = "desk")]
struct Careful(Arc<AtomicU64>);

#[actor]
impl Careful {
    #[message]
    fn refuse(&mut self, why: String) -> Result<u64, support::NoGood> {
        Err(support::NoGood(why))
    }

    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
        stream::iter(0..to)
    }

    #[message]
    fn attempt(&mut self, ctx: &mut Context<Self>) -> u32 {
        ctx.attempt()
    }

    #[on(error)]
    fn failed(&mut self, _: HandlerError) -> Directive {
        self.0.fetch_add(1, Ordering::Relaxed);
        Directive::Resume
    }
}

/// An error goes to `#[on(error)]`, and its sender is told as well.
#[support::test]
async fn a_told_error_goes_to_both() -> conclib::Result {
    let system = System::new("seam");
    let errors = Arc::new(AtomicU64::new(0));
    system.spawn(Careful(errors.clone()))?;
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let sink = Arc::new(Outcomes(sender));
    let body = json(&DeskRefuse { why: "no".into() });
    let inlet = system.inlet();
    for (id, wants) in [(1, Wants::Handled), (2, Wants::Queued), (3, Wants::Reply)] {
        let envelope = envelope::<DeskRefuse>(id, wants, &body);
        inlet.deliver(&envelope, sink.clone(), Origin::Local);
    }
    let body = json(&CarefulCount { to: 3 });
    let counting = envelope::<CarefulCount>(4, Wants::Handled, &body);
    inlet.deliver(&counting, sink, Origin::Local);
    let mut of = [None, None, None, None];
    for _ in 0..4 {
        let (id, outcome) = outcomes.recv().await.ok_or("no outcome")?;
        of[usize::try_from(id - 1)?] = Some(outcome);
    }
    assert!(
        matches!(&of[0], Some(Outcome::Failure(Failure::Fault(fault))) if fault.message == "no good: no"),
        "{of:?}"
    );
    assert!(matches!(&of[1], Some(Outcome::Queued)), "{of:?}");
    assert!(matches!(&of[2], Some(Outcome::Error(_))), "{of:?}");
    assert!(matches!(&of[3], Some(Outcome::Handled)), "{of:?}");
    assert_eq!(errors.load(Ordering::Relaxed), 2, "the asked one goes back");
    Ok(())
}

#[support::test]
async fn a_handler_knows_which_attempt_it_is() -> conclib::Result {
    let system = System::new("seam");
    let careful = system.spawn(Careful(Arc::default()))?;
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let sink = Arc::new(Outcomes(sender));
    let body = json(&CarefulAttempt {});
    for attempt in [3, 1] {
        let envelope = Envelope {
            attempt,
            ..envelope::<CarefulAttempt>(1, Wants::Reply, &body)
        };
        let inlet = system.inlet();
        inlet.deliver(&envelope, sink.clone(), Origin::Local);
        let (_, outcome) = outcomes.recv().await.ok_or("no outcome")?;
        let attempt = attempt.to_string().into_bytes();
        assert!(
            matches!(&outcome, Outcome::Reply(body) if *body == attempt),
            "{outcome:?}"
        );
    }
    assert_eq!(
        careful.attempt().durable().await?,
        1,
        "the one before is over"
    );
    Ok(())
}

/// A broker that waits gets its places in order, and loses none.
#[support::test]
async fn a_place_is_waited_for_in_order() -> conclib::Result {
    let mut bench = Bench::new(1)?;
    let inlet = bench.system.inlet();
    let nobody = inlet.ready("dask").await.map(drop);
    assert_eq!(nobody, Err(Failure::NoSuchActor));

    bench.deliver(1, Wants::Queued, &DeskWait { n: 1 });
    let keeper = bench.watch.turn().await?;
    let permit = inlet.ready("desk").await?;
    assert!(
        !bench.deliver(2, Wants::Queued, &DeskNote { n: 2 }),
        "the place is kept"
    );
    let (mut second, mut third) = (Box::pin(inlet.ready("desk")), Box::pin(inlet.ready("desk")));
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    let body = json(&DeskNote { n: 3 });
    let note = envelope::<DeskNote>(3, Wants::Queued, &body);
    assert!(
        permit
            .deliver(&note, bench.sink.clone(), Origin::Local)
            .is_some()
    );
    assert!(poll_once(&mut third).is_pending(), "the mailbox is full");
    keeper.open();
    let permit = second.await?;
    assert!(poll_once(&mut third).is_pending(), "one place is kept");
    drop(permit);
    let permit = third.await?;
    let body = json(&DeskNote { n: 4 });
    let note = envelope::<DeskNote>(4, Wants::Handled, &body);
    permit.deliver(&note, bench.sink.clone(), Origin::Local);
    loop {
        if let (4, outcome) = bench.outcome().await {
            assert!(matches!(outcome, Outcome::Handled), "{outcome:?}");
            break;
        }
    }
    assert_eq!(bench.watch.log.lines(), ["begin 1", "end 1", "3", "4"]);
    Ok(())
}

/// A place that is given up goes to the next; an actor that ends has none.
#[support::test]
async fn a_wait_for_a_place_can_be_given_up() -> conclib::Result {
    let mut bench = Bench::new(1)?;
    let inlet = bench.system.inlet();
    bench.deliver(1, Wants::Queued, &DeskWait { n: 1 });
    let keeper = bench.watch.turn().await?;
    bench.deliver(2, Wants::Queued, &DeskNote { n: 2 });
    let (mut first, mut second) = (Box::pin(inlet.ready("desk")), Box::pin(inlet.ready("desk")));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    drop(first);
    keeper.open();
    let permit = second.await?;
    let desk: ActorRef<Desk> = bench.system.get("desk")?;
    desk.stop_now().await;
    let body = json(&DeskNote { n: 3 });
    let note = envelope::<DeskNote>(3, Wants::Handled, &body);
    assert!(
        permit
            .deliver(&note, bench.sink.clone(), Origin::Local)
            .is_none()
    );
    loop {
        if let (3, outcome) = bench.outcome().await {
            assert!(
                matches!(
                    outcome,
                    Outcome::Failure(Failure::Stopped(Delivery::NotDelivered))
                ),
                "{outcome:?}"
            );
            break;
        }
    }
    assert!(matches!(
        inlet.ready("desk").await,
        Err(Failure::NoSuchActor)
    ));
    Ok(())
}

fn read(names: &mut Names) -> Vec<String> {
    std::iter::from_fn(|| names.try_next())
        .map(|name| match name {
            Name::Claimed(urn) => format!("+{urn}"),
            Name::Released(urn) => format!("-{urn}"),
        })
        .collect()
}

#[actor]
#[derive(Default)]
struct Plain;

#[actor]
impl Plain {}

/// Names come and go; a reader that is slow reads each change once.
#[support::test]
async fn names_are_told_as_they_change() -> conclib::Result {
    let system = System::new("names");
    let first = system.actor(Plain).urn("first").spawn()?;
    system.publish(&first, "alias")?;
    let _anonymous = system.spawn(Plain)?;
    let mut names = system.inlet().names();
    assert_eq!(read(&mut names), ["+alias", "+first"]);

    let second = system.actor(Plain).urn("second").spawn()?;
    assert!(system.withdraw("alias"));
    assert_eq!(read(&mut names), ["+second", "-alias"]);

    let mut waits = Box::pin(names.next());
    assert!(poll_once(&mut waits).is_pending());
    second.stop().await;
    assert_eq!(waits.await, Name::Released(Urn::new("second")?));

    // A name that moves is released and claimed; one that has come and gone is left out.
    first.stop().await;
    for urn in ["first", "brief"] {
        system.actor(Plain).urn(urn).spawn()?;
    }
    system.get::<Plain>("brief")?.stop().await;
    assert_eq!(read(&mut names), ["-first", "+first"]);
    for _ in 0..100 {
        system.get::<Plain>("first")?.stop().await;
        system.actor(Plain).urn("first").spawn()?;
    }
    assert_eq!(read(&mut names), ["-first", "+first"]);

    let pool = || system.pool(Plain::default).urn("pool").size(2).spawn();
    pool()?.stop().await;
    let _pool = pool()?;
    let claimed = read(&mut names);
    assert_eq!(claimed.len(), 3, "its workers and the pool: {claimed:?}");
    assert!(claimed.contains(&"+pool".to_owned()), "{claimed:?}");
    assert!(system.actor(Plain).urn("pool").spawn().is_err());
    drop(system);
    let first = Name::Released(Urn::new("first")?);
    while names.next().await != first {}
    Ok(())
}

/// A request to the name of a pool goes to a worker that has room.
#[support::test]
async fn a_pool_is_asked_by_its_name() -> conclib::Result {
    let system = System::new("pool");
    let logs = Arc::new(Mutex::new(Vec::new()));
    let kept = logs.clone();
    let make = move || {
        let (desk, watch) = desk();
        kept.lock().unwrap().push(watch);
        desk
    };
    let pool = system.pool(make).urn("desk").size(2).mailbox(1).spawn()?;
    for worker in pool.workers() {
        worker.started().await?;
    }
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let sink = Arc::new(Outcomes(sender));
    let inlet = system.inlet();
    let body = json(&DeskWait { n: 1 });
    for id in [1, 2] {
        let wait = envelope::<DeskWait>(id, Wants::Reply, &body);
        assert!(inlet.deliver(&wait, sink.clone(), Origin::Local).is_some());
    }
    let mut watches = std::mem::take(&mut *logs.lock().unwrap());
    let mut keepers = Vec::new();
    for watch in &mut watches {
        keepers.push(watch.turn().await?);
    }
    let note = json(&DeskNote { n: 1 });
    for id in [3, 4] {
        let note = envelope::<DeskNote>(id, Wants::Queued, &note);
        assert!(inlet.deliver(&note, sink.clone(), Origin::Local).is_some());
        let (_, outcome) = outcomes.recv().await.ok_or("no outcome")?;
        assert!(matches!(outcome, Outcome::Queued), "{outcome:?}");
    }
    let mut ready = Box::pin(inlet.ready("desk"));
    assert!(poll_once(&mut ready).is_pending(), "both are full");
    drop(keepers);
    let permit = ready.await?;
    drop(permit);
    pool.stop().await;
    assert!(matches!(
        inlet.ready("desk").await,
        Err(Failure::NoSuchActor)
    ));
    Ok(())
}

/// Outlet that delivers to a system of the same process, in a codec and a class of its own.
struct Direct {
    inlet: Inlet,
    codec: Codec,
    class: DeliveryClass,
    last: AtomicU64,
    seen: Mutex<Vec<(Codec, DeliveryClass)>>,
}

struct Once(Mutex<Option<Answerer>>);

impl ReplySink for Once {
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let (response, _) = outcome.into_response(id, codec);
        if let Some(answerer) = self.0.lock().unwrap().take() {
            answerer.answer(Ok(Answered::from(response.as_response())));
        }
    }
}

impl Outlet for Direct {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let seen = (envelope.codec, envelope.class);
        self.seen.lock().unwrap().push(seen);
        let sink = Arc::new(Once(Mutex::new(Some(answerer))));
        self.inlet.deliver(envelope, sink, Origin::Local);
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn codec(&self) -> Codec {
        self.codec
    }

    fn supports(&self, class: DeliveryClass) -> bool {
        class == self.class
    }

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(self.last.fetch_add(1, Ordering::Relaxed).into())
    }
}

#[support::test]
async fn an_outlet_chooses_the_codec_and_the_class() -> conclib::Result {
    let bench = Bench::new(8)?;
    for codec in [Codec::Bincode, Codec::Json] {
        let classes = [DeliveryClass::AtMostOnce, DeliveryClass::AtLeastOnce];
        for (class, sent) in classes.into_iter().zip([1, 4]) {
            let outlet = Arc::new(Direct {
                inlet: bench.system.inlet(),
                codec,
                class,
                last: AtomicU64::new(0),
                seen: Mutex::default(),
            });
            let remote = Remote::new(outlet.clone(), Urn::new("desk"));
            let ask = || Call::new(&remote, DeskDouble { n: 21 });
            assert_eq!(ask().await?, 42);
            let durable = ask().durable().await;
            let told = ask().durable().tell().await;
            let tried = ask().durable().try_tell();
            if class == DeliveryClass::AtLeastOnce {
                assert_eq!(durable?, 42);
                told?;
                tried?;
            } else {
                let error = durable.unwrap_err();
                assert!(matches!(error, AskError::Unsupported { .. }), "{error:?}");
                assert_eq!(error.delivery(), Delivery::NotDelivered);
                assert_eq!(told.unwrap_err().into_message().n, 21);
                assert_eq!(tried.unwrap_err().into_message().n, 21);
            }
            let seen = outlet.seen.lock().unwrap();
            assert_eq!(seen.len(), sent, "refused before anything is sent");
            assert!(seen.iter().all(|(used, _)| *used == codec));
            assert!(seen[1..].iter().all(|(_, used)| *used == class));
        }
    }
    Ok(())
}

/// Each crate has a slot of its own.
#[support::test]
async fn a_system_keeps_the_state_of_another_crate() {
    #[derive(Default)]
    struct Brought(AtomicU64);
    let system = System::new("slots");
    let brought = system.extension::<Brought>();
    brought.0.store(7, Ordering::Relaxed);
    let again = system.extension::<Brought>();
    assert!(Arc::ptr_eq(&brought, &again));
    let other = System::new("slots").extension::<Brought>();
    assert_eq!(other.0.load(Ordering::Relaxed), 0);
}
