//! Events of `tracing` under the target `conclib`, and their levels.

use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Origin, Outcome, ReplySink};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, Wants};
use support::capture::{capture, of};
use support::{NoGood, ScribeCalls, hold, scribe};
use tracing::Level;

#[support::test]
async fn an_error_that_goes_to_its_asker_is_information() {
    let system = System::new("logging");
    let scribe = system.actor(scribe().0).urn("one").spawn().unwrap();
    scribe.started().await.unwrap();
    let (log, _capture) = capture();
    assert!(scribe.refuse("x".into()).await.is_err());
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("INFO") && lines[0].contains("one"));
}

#[support::test]
async fn an_error_that_nobody_asked_about_is_an_error_with_its_text() {
    let system = System::new("logging");
    let scribe = system.actor(scribe().0).urn("one").spawn().unwrap();
    let (log, _capture) = capture();
    scribe.refuse("spoilt".into()).tell().await.unwrap();
    scribe.echo(1).await.unwrap();
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("ERROR"));
    for part in ["one", "refuse", "spoilt"] {
        assert!(lines[0].contains(part), "{lines:?}");
    }
}

#[support::test]
async fn an_actor_that_failed_is_an_error_with_the_reason() {
    let system = System::new("logging");
    let scribe = system.actor(scribe().0).urn("one").spawn().unwrap();
    let (log, _capture) = capture();
    assert!(scribe.explode("out of luck".into()).await.is_err());
    scribe.stopped().await;
    let errors = of(&log, Level::ERROR);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("one") && errors[0].contains("out of luck"));
}

#[support::test]
async fn an_orderly_life_is_not_worth_an_error_nor_a_warning() {
    let (log, _capture) = capture();
    let system = System::new("logging");
    let scribe = system.spawn(scribe().0).unwrap();
    scribe.echo(1).await.unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(1).tell().await.unwrap();
    let end = scribe.stop_now();
    keeper.open();
    end.await;
    // A dead letter is logged at the level for debugging.
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("DEBUG") && lines[0].contains("note"));
}

/// Fails in its hooks.
#[actor(urn = "hooks")]
struct Hooks;

#[actor]
impl Hooks {
    #[on(error)]
    fn failed(&mut self) -> Directive {
        panic!("the hook failed too");
    }

    #[on(stop)]
    fn stop(&mut self) -> Result<(), NoGood> {
        Err(NoGood("cannot let go".into()))
    }

    #[message]
    fn fail(&mut self) -> Result<(), NoGood> {
        Err(NoGood("first".into()))
    }
}

#[support::test]
async fn an_error_hook_that_fails_is_a_second_error() {
    let system = System::new("logging");
    let hooks = system.spawn(Hooks).unwrap();
    let (log, _capture) = capture();
    hooks.fail().tell().await.unwrap();
    hooks.stopped().await;
    let errors = of(&log, Level::ERROR);
    assert!(errors[0].contains("first"), "{errors:?}");
    let last = errors.last().unwrap();
    assert!(last.contains("the hook failed too"), "{errors:?}");
}

#[support::test]
async fn an_error_of_the_stop_hook_is_an_error_and_does_not_hold_the_stop_up() {
    let system = System::new("logging");
    let hooks = system.spawn(Hooks).unwrap();
    let (log, _capture) = capture();
    assert_eq!(hooks.stop().await, StopReason::Stopped);
    let errors = of(&log, Level::ERROR);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("cannot let go"), "{errors:?}");
}

#[support::test(start_paused = true)]
async fn a_ticker_whose_run_panics_is_an_error() {
    let (log, _capture) = capture();
    let (sender, mut ran) = tokio::sync::mpsc::unbounded_channel();
    let mut n = 0;
    let ticker = Ticker::every(Duration::from_secs(1))
        .run(move || {
            n += 1;
            sender.send(n).unwrap();
            async move { assert!(n != 1, "the first run fails") }
        })
        .unwrap();
    assert_eq!(ran.recv().await, Some(1));
    assert_eq!(ran.recv().await, Some(2));
    ticker.stop().await;
    let errors = log.lines();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("ERROR") && errors[0].contains("the first run fails"));
}

/// Does not handle the message that it subscribes to.
struct Deaf;

impl ReplySink for Deaf {
    fn respond(&self, _: RequestId, _: Codec, _: Outcome) {}
}

#[support::test]
async fn a_peer_that_makes_messages_up_does_not_fill_the_log() {
    let system = System::new("logging");
    let _scribe = system.actor(scribe().0).urn("one").spawn().unwrap();
    let (log, _capture) = capture();
    for id in 0..1000 {
        let envelope = Envelope {
            id: RequestId::from_u128(id),
            to: "one",
            message: "made_up",
            timeout: Duration::from_secs(1),
            trace: "",
            codec: Codec::Json,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: b"{}",
        };
        let inlet = system.inlet();
        let delivered = inlet.deliver(&envelope, Arc::new(Deaf), Origin::Local);
        assert!(delivered.is_none());
    }
    let warnings = of(&log, Level::WARN);
    assert_eq!(warnings.len(), 10, "{warnings:?}");
    assert!(warnings[9].contains("so_far=512"), "{warnings:?}");
}
