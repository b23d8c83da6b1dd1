//! Default timeouts for calls without one: of the spawner, the actor type, the
//! system.

use std::time::Duration;

use conclib::prelude::*;
use support::{Gate, gate, work};
use tokio::time::Instant;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Actor type without a timeout.
#[actor]
struct Plain;

#[actor]
impl Plain {
    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
}

#[actor(timeout = "0.2s", mailbox = 1)]
struct Brisk;

#[actor]
impl Brisk {
    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }
}

/// Checks that the call ends at this deadline, by the clock and in its error.
macro_rules! ends_after {
    ($limit:expr, $actor:expr $(, $timeout:expr)?) => {{
        let (inside, _keeper) = gate();
        let began = Instant::now();
        let error = $actor.hold(inside)$(.timeout($timeout))?.await.unwrap_err();
        assert!(matches!(error, AskError::Deadline { after, .. } if after == $limit));
        assert_eq!(began.elapsed(), $limit);
    }};
}

#[support::test(start_paused = true)]
async fn call_goes_before_builder_before_attribute_before_system() {
    let bare = System::new("timeout");
    let system = System::new("timeout").with_ask_timeout(ms(100));

    ends_after!(ms(100), system.spawn(Plain).unwrap());
    ends_after!(ms(200), system.spawn(Brisk).unwrap());
    ends_after!(ms(200), bare.spawn(Brisk).unwrap());
    let built = |system: &System| system.actor(Brisk).ask_timeout(ms(300)).spawn().unwrap();
    ends_after!(ms(300), built(&system));
    ends_after!(ms(300), built(&bare));
    ends_after!(ms(400), built(&system), ms(400));
    ends_after!(ms(50), built(&system), ms(50));
    let built = system.actor(Plain).ask_timeout(ms(300)).spawn().unwrap();
    ends_after!(ms(300), built);
}

#[support::test(start_paused = true)]
async fn without_any_a_call_waits() {
    let bare = System::new("timeout");
    let for_ever = bare.actor(Plain).ask_timeout(Duration::MAX);
    let system = System::new("timeout");
    // The default applies to actors that are spawned after it was set.
    let before = system.spawn(Plain).unwrap();
    let _system = system.with_ask_timeout(ms(100));
    for plain in [
        bare.spawn(Plain).unwrap(),
        for_ever.spawn().unwrap(),
        before,
    ] {
        let (inside, mut keeper) = gate();
        let asked = plain.hold(inside).owned();
        let asked = tokio::spawn(asked.into_future());
        keeper.entered().await;
        work(Duration::from_secs(86_400)).await;
        assert!(!asked.is_finished());
        keeper.open();
        assert_eq!(asked.await.unwrap(), Ok(()));
    }
}

#[support::test(start_paused = true)]
async fn it_holds_for_every_way_to_send() {
    let system = System::new("timeout");
    let brisk = system.spawn(Brisk).unwrap();
    let to: Recipient<BriskEcho> = brisk.recipient();
    let (inside, mut keeper) = gate();
    brisk.hold(inside).tell().await.unwrap();
    keeper.entered().await;

    let began = Instant::now();
    let late = to.ask(BriskEcho { n: 1 }).await.unwrap_err();
    assert!(matches!(late, AskError::Deadline { after, .. } if after == ms(200)));
    assert_eq!(began.elapsed(), ms(200));

    // The mailbox is full now, so a tell waits, as long as an ask may.
    let began = Instant::now();
    let unsent = brisk.echo(2).tell().await.unwrap_err();
    assert!(matches!(
        unsent,
        TellError::Failed {
            error: AskError::Deadline {
                delivery: Delivery::NotDelivered,
                ..
            },
            ..
        }
    ));
    assert_eq!(began.elapsed(), ms(200));

    keeper.open();
    assert_eq!(brisk.echo(3).await, Ok(3));
    let (inside, mut keeper) = gate();
    brisk.hold(inside).tell().await.unwrap();
    keeper.entered().await;
    let began = Instant::now();
    let reply = brisk.echo(4).reply().await.unwrap();
    let late = reply.await.unwrap_err();
    assert!(matches!(late, AskError::Deadline { after, .. } if after == ms(200)));
    assert_eq!(began.elapsed(), ms(200));
    keeper.open();
}
