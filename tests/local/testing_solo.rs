//! Test kit: one actor, fed message by message, without a task and without
//! timing.

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Poller, Poll, Waker};
use std::time::Duration;

use conclib::prelude::*;
use conclib::testing;
use support::{Log, NoGood};

#[message(reply = u64)]
#[derive(Debug, PartialEq)]
struct Price(String);

#[message]
#[derive(Debug, PartialEq)]
enum Seen {
    Request(String),
    Response(u64),
}

#[actor]
struct Till {
    total: u64,
    seen: Recipient<Seen>,
    log: Log,
}

#[actor]
impl Till {
    #[on(start)]
    fn start(&mut self) {
        self.log.add("start");
    }

    #[message]
    async fn sell(&mut self, item: String, cents: u64) -> Result<u64, NoGood> {
        if cents == 0 {
            return Err(NoGood(item));
        }
        let _ = self.seen.ask(Seen::Request(item)).tell().await;
        self.total += cents;
        let _ = self.seen.ask(Seen::Response(self.total)).tell().await;
        Ok(self.total)
    }

    #[message]
    async fn sell_twice(&mut self, item: String, cents: u64, ctx: &mut Context<Self>) {
        for _ in 0..2 {
            let item = item.clone();
            ctx.me().sell(item, cents).tell().await.unwrap();
        }
    }

    #[message(local)]
    async fn ask_price(&mut self, prices: Recipient<Price>) -> u64 {
        prices.ask(Price("tea".to_owned())).await.unwrap()
    }

    #[message]
    fn close_later(&mut self, ctx: &mut Context<Self>) {
        ctx.after(Duration::from_secs(60), TillClose {});
    }

    #[message]
    fn close(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    #[message]
    fn burn(&mut self) {
        panic!("fire");
    }

    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.log.add(reason.to_string());
    }
}

fn till() -> (testing::Solo<Till>, Inbox<Seen>, Log) {
    let (seen, log) = (Inbox::new(16), Log::default());
    let till = Till {
        total: 0,
        seen: seen.address(),
        log: log.clone(),
    };
    (testing::solo(till), seen, log)
}

fn all<M: Message>(inbox: &mut Inbox<M>) -> Vec<M> {
    std::iter::from_fn(|| inbox.try_recv())
        .map(|request| request.message)
        .collect()
}

/// Polls once: there is no runtime and no waker, so it has to be ready.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Poller::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

fn sell(item: &str, cents: u64) -> TillSell {
    TillSell {
        item: item.to_owned(),
        cents,
    }
}

#[support::test]
fn each_message_is_answered_at_once_and_what_it_sent_is_there_in_order() {
    let (mut till, mut seen, log) = till();
    assert!(log.lines().is_empty(), "it stands still until it is fed");
    assert_eq!(at_once(till.feed(sell("tea", 300))).unwrap(), 300);
    let tea = Seen::Request("tea".to_owned());
    assert_eq!(all(&mut seen), [tea, Seen::Response(300)]);
    assert_eq!(at_once(till.feed(sell("milk", 120))).unwrap(), 420);
    let milk = Seen::Request("milk".to_owned());
    assert_eq!(all(&mut seen), [milk, Seen::Response(420)]);
    assert_eq!(log.lines(), ["start"]);
}

#[support::test]
fn it_fails_as_any_actor_does() {
    let (mut till, mut seen, log) = till();
    let free = at_once(till.feed(sell("air", 0)));
    assert!(
        matches!(free, Err(AskError::Handler(NoGood(_)))),
        "{free:?}"
    );
    assert!(all(&mut seen).is_empty());
    let burnt = at_once(till.feed(TillBurn {}));
    assert!(matches!(burnt, Err(AskError::Panicked { .. })), "{burnt:?}");
    assert_eq!(log.lines(), ["start", "panicked: fire"]);
    let late = at_once(till.feed(sell("tea", 300)));
    let never = matches!(
        late,
        Err(AskError::Stopped {
            delivery: Delivery::NotDelivered,
            ..
        })
    );
    assert!(never, "{late:?}");
}

#[support::test]
fn what_it_sends_itself_and_what_was_sent_before_has_its_turn() {
    let (mut till, mut seen, _log) = till();
    let actor = till.actor_ref();
    actor.sell("milk".to_owned(), 120).try_tell().unwrap();
    let item = "tea".to_owned();
    at_once(till.feed(TillSellTwice { item, cents: 300 })).unwrap();
    let responses: Vec<_> = all(&mut seen).into_iter().skip(1).step_by(2).collect();
    assert_eq!(responses, [120, 420, 720].map(Seen::Response));
}

#[support::test]
fn it_is_stopped_or_killed_like_any_other() {
    let (mut till, _seen, log) = till();
    let actor = till.actor_ref();
    assert_eq!(at_once(till.drive(actor.stop())), StopReason::Stopped);
    assert_eq!(log.lines(), ["start", "stopped"]);

    let (till, _seen, log) = self::till();
    let actor = till.actor_ref();
    drop(till);
    assert_eq!(at_once(actor.stopped()), Some(StopReason::Killed));
    assert!(log.lines().is_empty());
}

#[conclib::test]
async fn whom_it_asks_may_be_the_test() {
    let (mut till, _seen, _log) = till();
    let mut prices = Inbox::<Price>::new(1);
    let prices_of = prices.address();
    let (cents, asked) = tokio::join!(till.feed(TillAskPrice { prices: prices_of }), async {
        let request = prices.recv().await.unwrap();
        request.reply.send(300);
        request.message
    });
    assert_eq!((cents.unwrap(), asked), (300, Price("tea".to_owned())));
    assert_eq!(support::alive(), 0, "no task runs");
}

#[conclib::test]
async fn what_comes_later_comes_while_it_is_driven() {
    let (mut till, _seen, _log) = till();
    let actor = till.actor_ref();
    till.feed(TillCloseLater {}).await.unwrap();
    let begun = tokio::time::Instant::now();
    let reason = till.drive(actor.stopped()).await;
    assert_eq!(reason, Some(StopReason::Stopped));
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
}

#[conclib::test]
async fn a_feed_that_is_given_up_goes_on_in_the_next() {
    let (mut till, _seen, _log) = till();
    let mut prices = Inbox::<Price>::new(1);
    let prices_of = prices.address();
    {
        let mut feed = Box::pin(till.feed(TillAskPrice { prices: prices_of }));
        assert!(support::poll_once(&mut feed).is_pending());
    }
    prices.try_recv().unwrap().reply.send(300);
    assert_eq!(till.feed(sell("tea", 300)).await.unwrap(), 300);
}
