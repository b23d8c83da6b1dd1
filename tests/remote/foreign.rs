//! Actors that another crate runs: their system names and supervises them as any other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use conclib::spi::{
    Answered, Answerer, Failure, ForeignActor, Inlet, Origin, Outcome, Outlet, ReplySink, Room,
    SendRefused, StopSignal,
};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, Wants};
use support::outside::{Desk, DeskDouble, DeskNote, Watch, desk};
use support::poll_once;
use tokio::sync::mpsc;

/// Outlet to a system that stands for another process.
struct Away {
    inlet: Inlet,
    last: AtomicU64,
    cancelled: mpsc::UnboundedSender<RequestId>,
}

struct Once(Mutex<Option<Answerer>>);

impl ReplySink for Once {
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let (response, _) = outcome.into_response(id, codec);
        let answerer = self.0.lock().unwrap().take();
        if let Some(answerer) = answerer {
            answerer.answer(Ok(Answered::from(response.as_response())));
        }
    }
}

impl Outlet for Away {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let sink = Arc::new(Once(Mutex::new(Some(answerer))));
        self.inlet.deliver(envelope, sink, Origin::Process(7));
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, id: RequestId) {
        let _ = self.cancelled.send(id);
    }

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(self.last.fetch_add(1, Ordering::Relaxed).into())
    }
}

/// System at home, and the one that stands for the other process.
struct Two {
    home: System,
    _there: System,
    watch: Watch,
    outlet: Arc<Away>,
    cancelled: mpsc::UnboundedReceiver<RequestId>,
}

impl Two {
    fn new() -> conclib::Result<Self> {
        let (home, there) = (System::new("home"), System::new("there"));
        let (desk, watch) = desk();
        there.actor(desk).urn("far").spawn()?;
        let (sender, cancelled) = mpsc::unbounded_channel();
        let outlet = Arc::new(Away {
            inlet: there.inlet(),
            last: AtomicU64::new(1),
            cancelled: sender,
        });
        Ok(Self {
            home,
            _there: there,
            watch,
            outlet,
            cancelled,
        })
    }

    fn spawn(&self) -> conclib::Result<(ActorRef<Desk>, ForeignActor)> {
        let builder = self.home.foreign::<Desk>().urn("far");
        Ok(builder.spawn(self.outlet.clone())?)
    }
}

/// Actor with children that another crate runs.
#[actor(urn = "boss")]
struct Boss {
    heard: mpsc::UnboundedSender<String>,
    says: Directive,
}

#[actor]
impl Boss {
    #[message(local)]
    fn watch(&mut self, whom: ActorRef<Desk>, ctx: &mut Context<Self>) {
        ctx.watch(&whom);
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        let _ = self
            .heard
            .send(format!("gone {} {}", gone.urn, gone.reason));
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        let _ = self
            .heard
            .send(format!("child {} {}", exit.urn, exit.reason));
        self.says
    }
}

#[support::test]
async fn it_is_found_and_asked_like_any_other() -> conclib::Result {
    let two = Two::new()?;
    let (desk, life) = two.spawn()?;
    assert_eq!(desk.state(), Some(State::Starting));
    let mut started = Box::pin(desk.started());
    assert!(poll_once(&mut started).is_pending());
    life.started();
    started.await?;
    assert_eq!(desk.state(), Some(State::Running));

    assert_eq!(desk.ask(DeskDouble { n: 21 }).await?, 42);
    desk.ask(DeskNote { n: 1 }).tell().await?;
    desk.ask(DeskNote { n: 2 }).try_tell()?;
    let found: ActorRef<Desk> = two.home.get("far")?;
    assert_eq!((&found, found.ask(DeskDouble { n: 2 }).await?), (&desk, 4));
    assert_eq!(two.watch.log.lines(), ["1", "2"]);
    assert!(two.home.get::<Boss>("far").is_err());
    assert_eq!(two.home.lookup("far")?.type_name(), desk_type());
    assert!(
        two.home
            .foreign::<Desk>()
            .urn("far")
            .spawn(two.outlet.clone())
            .is_err()
    );

    let seen = two.home.snapshot();
    let seen = &seen.actors[0];
    assert_eq!((seen.urn.as_str(), seen.place), ("far", Place::Process));
    Ok(())
}

fn desk_type() -> &'static str {
    std::any::type_name::<Desk>()
}

/// Each signal reaches the crate that runs the actor, the more urgent after the other.
#[support::test]
async fn its_crate_hears_the_signals_and_tells_the_end() -> conclib::Result {
    let two = Two::new()?;
    let (desk, mut life) = two.spawn()?;
    life.started();
    let mut signal = Box::pin(life.signal());
    assert!(poll_once(&mut signal).is_pending());
    let stopping = desk.stop();
    assert_eq!(signal.await, StopSignal::Stop);
    assert_eq!(desk.state(), Some(State::Stopping));
    let refused = desk.ask(DeskDouble { n: 1 }).await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { .. }), "{refused:?}");
    let refused = desk.ask(DeskNote { n: 1 }).try_tell().unwrap_err();
    assert!(matches!(refused, TellError::Stopped { .. }), "{refused:?}");

    let now = desk.stop_now();
    assert_eq!(life.signal().await, StopSignal::StopNow);
    let kill = desk.kill();
    assert_eq!(life.signal().await, StopSignal::Kill);
    assert!(poll_once(&mut Box::pin(life.signal())).is_pending());
    let reason = life.end_reason();
    life.ended(reason);
    for end in [stopping, now, kill] {
        assert_eq!(end.await, StopReason::Killed);
    }
    assert_eq!(desk.stopped().await, Some(StopReason::Killed));
    assert_eq!(desk.state(), Some(State::Stopped));
    assert!(two.home.lookup("far").is_err(), "the name is free");
    two.spawn().map(drop)
}

#[support::test]
async fn watchers_are_told_of_its_end() -> conclib::Result {
    let two = Two::new()?;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let says = Directive::Resume;
    let boss = two.home.spawn(Boss { heard, says })?;
    let (desk, life) = two.spawn()?;
    boss.watch(desk.clone()).await?;
    life.ended(StopReason::Unreferenced);
    let gone = hears.recv().await.ok_or("no word")?;
    assert_eq!(gone, "gone far its last reference is gone");
    // One that has ended already is gone at once.
    boss.watch(desk).await?;
    assert!(hears.recv().await.is_some());
    // A handle that is dropped is a kill.
    let (desk, life) = two.spawn()?;
    drop(life);
    assert_eq!(desk.stopped().await, Some(StopReason::Killed));
    Ok(())
}

/// A failed child goes to `#[on(child)]`; its parent ends it with itself.
#[support::test]
async fn its_parent_supervises_it() -> conclib::Result {
    let two = Two::new()?;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let says = Directive::Escalate;
    let boss = two.home.spawn(Boss { heard, says })?;
    let child = || {
        let builder = two.home.foreign::<Desk>().urn("far").child_of(&boss);
        builder.spawn(two.outlet.clone())
    };
    let (_desk, life) = child()?;
    life.started();
    life.ended(StopReason::Stopped);
    let exit = hears.recv().await.ok_or("no word")?;
    assert_eq!(exit, "child far stopped");
    let ended = boss.stopped().await;
    assert!(matches!(ended, Some(StopReason::Escalated(_))), "{ended:?}");
    assert!(matches!(child(), Err(SpawnError::ParentEnded { .. })));

    let (heard, _hears) = mpsc::unbounded_channel();
    let boss = two.home.spawn(Boss { heard, says })?;
    let builder = two.home.foreign::<Desk>().urn("far").child_of(&boss);
    let (desk, mut life) = builder.spawn(two.outlet.clone())?;
    life.started();
    let mut stopping = Box::pin(boss.stop());
    assert_eq!(life.signal().await, StopSignal::Stop);
    assert!(poll_once(&mut stopping).is_pending(), "its child lives");
    let reason = life.end_reason();
    life.ended(reason);
    assert_eq!(stopping.await, StopReason::Stopped);
    assert_eq!(desk.stopped().await, Some(StopReason::Parent));
    Ok(())
}

#[support::test]
async fn a_shutdown_waits_for_it() -> conclib::Result {
    let two = Two::new()?;
    let (desk, mut life) = two.spawn()?;
    life.started();
    let driver = tokio::spawn(async move {
        let signal = life.signal().await;
        let reason = life.end_reason();
        life.ended(reason);
        signal
    });
    let report = two.home.shutdown().await;
    assert!(report.is_clean());
    assert_eq!(report.stopped, 1);
    assert_eq!(driver.await?, StopSignal::Stop);
    assert_eq!(desk.stopped().await, Some(StopReason::Shutdown));
    Ok(())
}

/// Keeps the outcomes for a test.
struct Outcomes(mpsc::UnboundedSender<Outcome>);

impl ReplySink for Outcomes {
    fn respond(&self, _: RequestId, _: Codec, outcome: Outcome) {
        let _ = self.0.send(outcome);
    }
}

/// A broker at home reaches it by its name, and so does a cancel.
#[support::test]
async fn a_request_from_outside_is_passed_on() -> conclib::Result {
    let mut two = Two::new()?;
    let (_desk, life) = two.spawn()?;
    life.started();
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let sink = Arc::new(Outcomes(sender));
    let deliver = |message, body: &[u8], wants| {
        let envelope = Envelope {
            id: RequestId::from_u128(99),
            to: "far",
            message,
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
        };
        let inlet = two.home.inlet();
        inlet.deliver(&envelope, sink.clone(), Origin::Local)
    };
    assert!(deliver("double", br#"{"n":21}"#, Wants::Reply).is_some());
    let outcome = outcomes.recv().await.ok_or("no outcome")?;
    assert!(
        matches!(&outcome, Outcome::Reply(body) if body == b"42"),
        "{outcome:?}"
    );
    deliver("note", br#"{"n":1}"#, Wants::Handled);
    let outcome = outcomes.recv().await.ok_or("no outcome")?;
    assert!(matches!(outcome, Outcome::Handled), "{outcome:?}");
    deliver("treble", b"{}", Wants::Reply);
    let outcome = outcomes.recv().await.ok_or("no outcome")?;
    assert!(
        matches!(&outcome, Outcome::Failure(Failure::NoSuchMessage(_))),
        "{outcome:?}"
    );
    let cancellation = deliver("promise", b"{}", Wants::Reply).ok_or("refused")?;
    let _promise = two.watch.promise().await?;
    cancellation.cancel();
    assert!(two.cancelled.recv().await.is_some());
    Ok(())
}
