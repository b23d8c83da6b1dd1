//! A tell is acknowledged when the message is queued, or the message comes
//! back.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Origin, Outcome, ReplySink};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, Wants};
use support::outside::{
    Desk, DeskDouble, DeskExplode, DeskNote, DeskRefuse, DeskWait, House, Road, on_every_road,
    settle,
};
use support::poll_once;

on_every_road! {
    a_tell_resolves_when_it_is_queued,
    a_tell_that_is_not_queued_comes_back,
    a_message_is_told_without_a_call,
    a_tell_without_waiting,
    a_tell_that_fails_harms_nobody,
    a_tell_in_an_outage_is_queued_after_it_or_comes_back,
}

const SHORT: Duration = Duration::from_millis(40);

async fn a_tell_resolves_when_it_is_queued(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 0 }).reply().await?;
    let keeper = house.watch.turn().await?;
    for n in 1..=3 {
        client.ask("desk", DeskNote { n }).tell().await?;
    }
    assert_eq!(house.watch.log.lines(), ["begin 0"], "queued, and not run");
    keeper.open();
    assert_eq!(busy.await?, 0);
    client.ask("desk", DeskDouble { n: 0 }).await?;
    assert_eq!(house.watch.log.lines()[1..], ["end 0", "1", "2", "3"]);
    Ok(())
}

async fn a_tell_that_is_not_queued_comes_back(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (desk, mut watch) = support::outside::desk();
    let small = house.system.actor(desk).urn("small").mailbox(1);
    let small = small.spawn()?;
    let client = house.client().await?;

    let nobody = client.ask("dask", DeskNote { n: 7 }).tell().await;
    let nobody = nobody.unwrap_err();
    assert!(
        matches!(&nobody, TellError::Failed { error: AskError::NoSuchActor { urn }, .. } if *urn == "dask"),
        "{nobody:?}"
    );
    assert_eq!(nobody.into_message().n, 7);

    // The same holds for a full mailbox and for an actor that ends.
    let busy = client.ask("small", DeskWait { n: 0 }).reply().await?;
    let keeper = watch.turn().await?;
    client.ask("small", DeskNote { n: 1 }).tell().await?;
    let full = client.ask("small", DeskNote { n: 2 }).tell().await;
    let full = full.unwrap_err();
    assert!(matches!(full, TellError::Full { .. }), "{full:?}");
    assert_eq!(full.into_message().n, 2);

    let ending = small.stop();
    let ended = client.ask("small", DeskNote { n: 3 }).tell().await;
    let ended = ended.unwrap_err();
    assert!(matches!(ended, TellError::Stopped { .. }), "{ended:?}");
    assert_eq!(ended.into_message().n, 3);

    keeper.open();
    assert_eq!(busy.await?, 0);
    ending.await;
    assert_eq!(watch.log.lines(), ["begin 0", "end 0", "1"]);
    Ok(())
}

async fn a_message_is_told_without_a_call(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 0 }).reply().await?;
    let keeper = house.watch.turn().await?;
    client.tell("desk", DeskNote { n: 1 }).await?;
    client.ask("desk", DeskNote { n: 2 }).tell().await?;
    client.tell("desk", DeskNote { n: 3 }).await?;
    assert_eq!(house.watch.log.lines(), ["begin 0"], "queued, and not run");
    keeper.open();
    assert_eq!(busy.await?, 0);
    client.ask("desk", DeskDouble { n: 0 }).await?;
    assert_eq!(house.watch.log.lines()[1..], ["end 0", "1", "2", "3"]);

    for urn in ["dask", "no urn"] {
        let none = client.tell(urn, DeskNote { n: 7 }).await.unwrap_err();
        assert!(none.to_string().contains(urn), "{none}");
        assert_eq!(none.into_message().n, 7);
    }
    Ok(())
}

async fn a_tell_without_waiting(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    for n in 0..100 {
        client.ask("desk", DeskNote { n }).try_tell()?;
    }
    // A `try_tell` that the other side refuses has no error.
    client.ask("dask", DeskNote { n: 1 }).try_tell()?;
    client.ask("desk", DeskDouble { n: 0 }).await?;
    let noted: Vec<_> = (0..100).map(|n: u64| n.to_string()).collect();
    assert_eq!(house.watch.log.lines(), noted);

    let none = client.ask("no urn", DeskNote { n: 8 }).try_tell();
    let none = none.unwrap_err();
    assert!(none.to_string().contains("no urn"), "{none}");
    assert_eq!(none.into_message().n, 8);
    Ok(())
}

async fn a_tell_that_fails_harms_nobody(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let mut events = house.system.events();
    let client = house.client().await?;
    let why = String::from("no");
    client.ask("desk", DeskRefuse { why }).tell().await?;
    assert_eq!(client.ask("desk", DeskDouble { n: 1 }).await?, 2);
    let desk = &house.system.snapshot().actors[0];
    assert_eq!(desk.failed, 1);
    assert_eq!(
        desk.last_error.as_deref(),
        Some("handling `refuse` failed: no good: no")
    );

    let text = String::from("boom");
    client.ask("desk", DeskExplode { text }).tell().await?;
    let letter = support::next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::Panicked);
    house.desk.stopped().await;
    settle(&client).await
}

async fn a_tell_in_an_outage_is_queued_after_it_or_comes_back(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    settle(&client).await?;
    house.system.shutdown().await;

    let late = loop {
        let tell = client.ask("desk", DeskNote { n: 1 }).timeout(SHORT).tell();
        let Err(TellError::Failed { error, message }) = tell.await else {
            panic!("nobody is there");
        };
        assert_eq!(message.n, 1);
        match error {
            // The client learns of the closed connection by this error.
            AskError::Disconnected { .. } => {}
            error => break error,
        }
    };
    assert!(matches!(&late, AskError::Unreachable { urn, .. } if *urn == "desk"));
    assert_eq!(late.delivery(), Delivery::NotDelivered);
    // A message that does not wait comes back at once.
    let back = client.ask("desk", DeskNote { n: 2 }).try_tell();
    let Err(TellError::Failed { error, message }) = back else {
        panic!("{back:?}");
    };
    assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
    assert_eq!(message.n, 2);

    // A message with time to wait is queued when the server is back.
    let mut waits = client.ask("desk", DeskNote { n: 3 }).tell();
    assert!(poll_once(&mut waits).is_pending());
    let house = House::open_at(house.place).await?;
    waits.await?;
    client.ask("desk", DeskNote { n: 4 }).await?;
    assert_eq!(house.watch.log.lines(), ["3", "4"]);
    Ok(())
}

/// Sends a message to the actor when it gets the answer of another.
struct Echo {
    desk: ActorRef<Desk>,
    answered: mpsc::Sender<Outcome>,
}

impl ReplySink for Echo {
    fn respond(&self, _: RequestId, _: Codec, outcome: Outcome) {
        self.desk.ask(DeskNote { n: 2 }).try_tell().unwrap();
        self.answered.send(outcome).unwrap();
    }
}

/// The answer "queued" leaves when the mailbox is unlocked: a sink may use it.
#[support::test]
async fn a_sink_may_send_to_the_mailbox_whose_answer_it_gets() -> conclib::Result {
    let system = System::new("echo");
    let (desk, watch) = support::outside::desk();
    let desk = system.actor(desk).urn("desk").spawn()?;
    let (answered, answer) = mpsc::channel();
    let sink = Arc::new(Echo {
        desk: desk.clone(),
        answered,
    });
    let inlet = system.inlet();
    // A thread that hangs must not hold up the test.
    thread::spawn(move || {
        let mut body = Vec::new();
        let encoded = Codec::Bincode.encode(&DeskNote { n: 1 }, &mut body);
        encoded.unwrap();
        let envelope = Envelope {
            id: RequestId::from_u128(1),
            to: "desk",
            message: DeskNote::NAME,
            timeout: Duration::from_secs(1),
            trace: "",
            codec: Codec::Bincode,
            fingerprint: DeskNote::FINGERPRINT,
            wants: Wants::Queued,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: &body,
        };
        inlet.deliver(&envelope, sink, Origin::Local);
    });
    let outcome = answer.recv_timeout(Duration::from_secs(10))?;
    assert!(matches!(outcome, Outcome::Queued), "{outcome:?}");
    desk.ask(DeskDouble { n: 0 }).await?;
    assert_eq!(watch.log.lines(), ["1", "2"]);
    Ok(())
}
