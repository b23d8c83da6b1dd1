//! Test kit: probes, spies, journals, and waiting until a system is quiet.

use std::time::Duration;

use conclib::prelude::*;
use conclib::testing;
use support::{NoGood, ScribeCalls};

#[message(reply = u64, error = NoGood)]
#[derive(Debug, Clone, PartialEq)]
struct Price(String);

#[message]
#[derive(Debug, Clone, PartialEq)]
struct Sold(u64);

#[actor]
struct Till {
    prices: Recipient<Price>,
    sales: Recipient<Sold>,
}

#[actor]
impl Till {
    #[message]
    async fn sell(&mut self, item: String) -> Result<u64, NoGood> {
        let cents = match self.prices.ask(Price(item)).await {
            Ok(cents) => cents,
            Err(AskError::Handler(error)) => return Err(error),
            Err(error) => return Err(NoGood(error.to_string())),
        };
        let _ = self.sales.tell(Sold(cents)).await;
        Ok(cents)
    }

    /// Sends after a minute, in a concurrent handler.
    #[message(concurrent)]
    fn sell_later(&self) -> impl Future<Output = ()> + use<> {
        let sales = self.sales.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let _ = sales.tell(Sold(1)).await;
        }
    }
}

#[actor]
struct Shop;

#[actor]
impl Shop {
    #[handler]
    async fn price(&mut self, Price(item): Price) -> Result<u64, NoGood> {
        match item.len() {
            0 => Err(NoGood("nothing".into())),
            cents => Ok(cents as u64),
        }
    }
}

#[conclib::test]
async fn a_probe_records_and_answers() -> conclib::Result {
    let system = testing::system();
    assert!(system.name().contains("a_probe_records_and_answers"));
    let mut prices = testing::probe::<Price>(&system);
    let mut sales = testing::probe::<Sold>(&system);
    let till = system.spawn(Till {
        prices: prices.recipient(),
        sales: sales.actor_ref().recipient(),
    })?;

    let sold = till.sell("tea".into()).reply().await?;
    prices.expect_eq(Price("tea".into())).await;
    prices.reply(300);
    assert_eq!(sold.await?, 300);
    assert_eq!(sales.expect(|Sold(cents)| *cents > 0).await, Sold(300));

    let refused = till.sell("air".into()).reply().await?;
    assert_eq!(prices.recv().await, Price("air".into()));
    prices.fail(NoGood("free".into()));
    let free = NoGood("free".into());
    assert_eq!(refused.await, Err(AskError::Handler(free)));
    sales.expect_none().await;

    // An unanswered request is given up at the next expectation, or when the
    // probe is dropped.
    let (one, two) = (system.spawn(Shop)?, prices.recipient());
    drop(one);
    let unanswered = two.ask(Price("one".into())).reply().await?;
    let dropped = two.ask(Price("two".into())).reply().await?;
    prices.recv().await;
    prices.recv().await;
    assert!(matches!(unanswered.await, Err(AskError::NoReply { .. })));
    drop(prices);
    assert!(matches!(dropped.await, Err(AskError::NoReply { .. })));
    let late = two.ask(Price("three".into())).await;
    assert!(matches!(late, Err(AskError::NoReply { .. })));
    Ok(())
}

/// Text of its panic.
fn complaint<T>(test: impl AsyncFnOnce(System) -> T) -> String {
    let run = || testing::run(async { test(testing::system()).await });
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .err()
        .expect("it panics");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .expect("a text")
}

#[support::test]
fn a_probe_names_what_came_instead() {
    let sold = async |system: &System, cents| {
        let probe = testing::probe::<Sold>(system);
        probe.actor_ref().tell(Sold(cents)).await.unwrap();
        probe
    };
    let text = complaint(async |system| sold(&system, 1).await.expect_eq(Sold(2)).await);
    assert!(
        text.ends_with("Sold(2) was expected, and Sold(1) came"),
        "{text}"
    );
    assert!(text.starts_with(file!()), "{text}");
    let text = complaint(async |system| sold(&system, 1).await.expect(|_| false).await);
    assert!(
        text.ends_with("another `Sold` was expected than Sold(1)"),
        "{text}"
    );
    let text = complaint(async |system| sold(&system, 1).await.expect_none().await);
    assert!(
        text.ends_with("no `Sold` was expected, and 1 came; so far came: Sold"),
        "{text}"
    );
    let text = complaint(async |system| {
        let mut probe = sold(&system, 1).await;
        probe.recv().await;
        probe.recv().await
    });
    assert!(
        text.ends_with("no `Sold` came within 10s; so far came: Sold"),
        "{text}"
    );
    let text = complaint(async |system| testing::probe::<Sold>(&system).recv().await);
    assert!(text.ends_with("so far came: nothing"), "{text}");
    let text = complaint(async |system| {
        let mut probe = sold(&system, 1).await;
        probe.recv().await;
        probe.reply(());
    });
    assert_eq!(text, "nobody waits for an answer of this probe of `Sold`");
}

#[conclib::test]
async fn a_message_that_was_not_expected_is_not_lost() {
    let system = testing::system();
    let mut probe = testing::probe::<Sold>(&system);
    probe.expect_none().await;
    probe.recipient().tell(Sold(1)).await.unwrap();
    probe.recipient().tell(Sold(2)).await.unwrap();
    probe.expect_eq(Sold(1)).await;
    probe.expect_eq(Sold(2)).await;
    assert_eq!(probe.names(), ["Sold", "Sold"]);
}

#[conclib::test]
async fn a_spy_passes_everything_on() -> conclib::Result {
    let system = testing::system();
    let shop = system.actor(Shop).mailbox(1).spawn()?;
    let (spied, spy) = testing::spy::<Price>(&shop);
    assert_eq!(spied.urn(), shop.urn());
    assert_eq!(spied.ask(Price("tea".into())).await?, 3);
    let refused = spied.ask(Price(String::new())).await;
    assert_eq!(refused, Err(AskError::Handler(NoGood("nothing".into()))));
    spied.ask(Price("told".into())).try_tell()?;
    // This message finds no room, and is not recorded.
    assert!(spied.ask(Price("full".into())).try_tell().is_err());
    // This message waits for a slot, and is recorded once.
    spied.tell(Price("later".into())).await?;
    let passed = ["tea", "", "told", "later"].map(|item| Price(item.into()));
    assert_eq!(spy.messages(), passed);

    // The spy keeps the actor alive as any recipient does, and no longer.
    let weak = spied.downgrade();
    drop((shop, spied));
    assert!(weak.upgrade().is_none());
    Ok(())
}

#[conclib::test]
async fn a_journal_has_the_order_of_sending() -> conclib::Result {
    let system = testing::system();
    let journal = testing::journal(&system);
    let prices = journal.spy::<Price>(&system.spawn(Shop)?);
    let sales = journal.probe::<Sold>();
    let till = system.spawn(Till {
        prices,
        sales: sales.recipient(),
    })?;
    assert_eq!(till.sell("tea".into()).await?, 3);
    assert_eq!(till.sell("milk".into()).await?, 4);
    testing::quiet(&system).await;
    assert_eq!(journal.names(), ["Price", "Sold", "Price", "Sold"]);
    assert_eq!(sales.names(), journal.names());
    Ok(())
}

#[conclib::test]
async fn quiet_waits_for_turns_and_for_handlers_beside_them() -> conclib::Result {
    let system = testing::system();
    let mut sales = testing::probe::<Sold>(&system);
    let till = system.spawn(Till {
        prices: system.spawn(Shop)?.recipient(),
        sales: sales.recipient(),
    })?;
    testing::quiet(&system).await;
    till.sell_later().tell().await?;
    testing::quiet(&system).await;
    assert_eq!(sales.names(), ["Sold"]);
    sales.recv().await;
    sales.expect_none().await;
    // Tasks that are ready run before.
    let recipient = sales.recipient();
    tokio::spawn(async move { recipient.tell(Sold(2)).await });
    testing::quiet(&system).await;
    assert_eq!(sales.names(), ["Sold", "Sold"]);
    // An actor that ends is no longer waited for.
    let stopping = till.stop();
    testing::quiet(&system).await;
    assert_eq!(till.state(), Some(State::Stopped));
    stopping.await;
    Ok(())
}

/// Runs on a thread of its own.
#[actor]
struct Apart(support::Log);

#[actor]
impl Apart {
    /// Blocks its thread once it is idle.
    #[message(local)]
    fn hold_up(&mut self, gate: support::Gate) {
        tokio::spawn(async move { gate.pass_blocking() });
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.0.add(n.to_string());
    }
}

#[support::test]
async fn quiet_waits_for_a_message_that_its_actor_has_not_seen() -> conclib::Result {
    let system = testing::system();
    let log = support::Log::default();
    let noted = log.clone();
    let apart = system.actor_with(move || Apart(noted.clone()));
    let apart = apart.on_thread().spawn()?;
    testing::quiet(&system).await;
    let (gate, mut keeper) = support::gate();
    apart.hold_up(gate).tell().await?;
    keeper.entered().await;
    testing::quiet(&system).await;
    apart.note(1).tell().await?;
    let mut quiet = Box::pin(testing::quiet(&system));
    for _ in 0..3 {
        assert!(support::poll_once(&mut quiet).is_pending());
    }
    keeper.open();
    quiet.await;
    assert_eq!(log.lines(), ["1"]);
    Ok(())
}

#[support::test]
fn what_does_not_become_quiet_is_named() {
    let text = complaint(async |system| {
        let prices = testing::probe::<Price>(&system);
        let sales = testing::probe::<Sold>(&system);
        let till = Till {
            prices: prices.recipient(),
            sales: sales.recipient(),
        };
        let till = system.actor(till).urn("till").spawn().unwrap();
        for _ in 0..2 {
            till.sell("tea".into()).tell().await.unwrap();
        }
        testing::quiet(&system).await;
    });
    let busy = "is not quiet after 10s:\n  `till` has its turn of `sell`; 1 messages wait";
    assert!(text.ends_with(busy), "{text}");
}

#[support::test]
async fn what_was_there_before_the_kit_is_seen_too() -> conclib::Result {
    let (scribe, log) = support::scribe();
    let system = System::new("before");
    let scribe = system.spawn(scribe)?;
    let thread = system
        .actor_with(support::Scribe::default)
        .on_thread()
        .spawn()?;
    scribe.note(1).await?;
    for n in 0..100 {
        scribe.note(n).tell().await?;
        thread.note(n).tell().await?;
    }
    testing::quiet(&system).await;
    assert_eq!(log.lines().len(), 102);
    let handled = |snapshot: conclib::system::SystemSnapshot| snapshot.actors[1].handled;
    assert_eq!(handled(system.snapshot()), 100);
    system.shutdown().await;
    Ok(())
}
