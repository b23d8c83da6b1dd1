//! A handler notices that a remote asker has left.

use std::time::Duration;

use conclib::prelude::*;
use support::outside::{DeskDouble, DeskPromise, DeskWait, House, Road, on_every_road};
use support::until;

on_every_road! {
    a_handler_hears_it,
    a_reply_to_hears_it,
    parts_that_are_given_up_are_cancelled,
}

#[actor(urn = "search")]
struct Search(support::Log);

#[actor]
impl Search {
    /// Waits until the asker has left.
    #[message]
    async fn look(&mut self, ctx: &mut Context<Self>) {
        self.0.add("looks");
        ctx.asker_gone().await;
        self.0.add("gone");
    }
}

async fn a_handler_hears_it(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let log = support::Log::default();
    house.system.spawn(Search(log.clone()))?;
    let client = house.client().await?;
    let looks = |n| {
        let log = log.clone();
        async move { until(|| log.count("looks") == n).await }
    };
    let gone = |n| {
        let log = log.clone();
        async move { until(|| log.count("gone") == n).await }
    };

    let asked = client.ask("search", SearchLook {}).reply().await?;
    looks(1).await;
    assert_eq!(log.count("gone"), 0);
    drop(asked);
    gone(1).await;

    let short = Duration::from_millis(40);
    let late = client.ask("search", SearchLook {}).timeout(short).await;
    // The handler ends then, and its answer may come before the deadline of the
    // asker.
    assert!(matches!(late, Ok(()) | Err(AskError::Deadline { .. })));
    gone(2).await;

    let asked = client.ask("search", SearchLook {}).reply().await?;
    looks(3).await;
    let other = house.client().await?;
    drop(client);
    drop(asked);
    gone(3).await;
    assert_eq!(other.ask("desk", DeskDouble { n: 3 }).await?, 6);
    Ok(())
}

async fn a_reply_to_hears_it(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;

    let asked = client.ask("desk", DeskPromise {}).reply().await?;
    let mut end = house.watch.promise().await?;
    assert!(end.is_wanted());
    drop(asked);
    end.closed().await;
    assert!(!end.is_wanted());

    let short = Duration::from_millis(40);
    let late = client.ask("desk", DeskPromise {}).timeout(short);
    let (late, mut end) = tokio::join!(late, async { house.watch.promise().await.unwrap() });
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    end.closed().await;

    // A deferred reply that was watched still answers.
    let asked = client.ask("desk", DeskPromise {}).reply().await?;
    let mut end = house.watch.promise().await?;
    assert!(support::poll_once(&mut Box::pin(end.closed())).is_pending());
    end.send(7);
    assert_eq!(asked.await?, 7);
    Ok(())
}

async fn parts_that_are_given_up_are_cancelled(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let mut events = house.system.events();
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;

    let mut replies = Vec::new();
    for n in 2..5 {
        replies.push(client.ask("desk", DeskWait { n }).reply().await?);
    }
    let all = Reply::join_all(replies).map(|all| all.len());
    let short = Duration::from_millis(40);
    let late = all.timeout(short).await;
    assert!(matches!(late, Err(AskError::Deadline { after, .. }) if after == short));
    support::outside::settle(&client).await?;

    keeper.open();
    for _ in 2..5 {
        let letter = support::next_dead_letter(&mut events).await;
        assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    }
    assert_eq!(busy.await?, 1);
    assert_eq!(client.ask("desk", DeskDouble { n: 3 }).await?, 6);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    Ok(())
}
