//! Publishing does not wait for slow subscribers, unless that is requested, and
//! reports every missed message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclib::Place;
use conclib::error::TopicError;
use conclib::event::Events;
use conclib::prelude::*;
use support::{At, Gate, Keeper, Log, gate, poll_once, until};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

support::on_every_place! {
    each_subscriber_hears_each_message_in_order,
    a_slow_subscriber_is_told_how_many_it_missed_before_anything_newer,
    who_lags_again_is_told_again,
    what_is_missed_behind_the_notice_is_told_by_the_next,
    of_what_a_subscriber_without_a_handler_missed_event_and_count_tell,
    those_in_line_behind_a_lossy_subscriber_get_their_place,
    a_subscriber_that_is_waited_for_misses_nothing,
    what_a_publisher_gives_up_to_wait_with_is_missed_and_told,
    a_publisher_stops_waiting_for_who_leaves_or_ends,
    who_has_ended_is_no_subscriber_any_more,
    the_notice_has_the_priority_of_what_was_missed,
    a_restart_loses_no_subscription,
    an_end_tells_of_what_the_subscriber_was_not_told,
    who_unsubscribes_while_it_lags_holds_nobody_up,
    an_actor_keeps_its_own_subscription_and_still_ends,
    an_actor_publishes_to_itself_however_full_it_is,
    a_topic_is_found_in_its_system_by_name_and_type,
    a_message_that_cannot_be_cloned_is_made_for_each,
    who_unsubscribes_while_others_are_sent_to_hears_nothing_more,
    no_lock_is_held_while_a_message_is_cloned;
    multi_thread:
    what_was_heard_and_what_was_missed_is_all_there_was,
}

#[message]
#[derive(Clone)]
pub struct Price(u64);

/// Message that is not `Clone`.
#[message]
pub struct Ticket(u64);

/// Handles the notice of missed messages.
#[actor]
struct Screen(Log);

#[actor]
impl Screen {
    #[handler]
    fn price(&mut self, Price(n): Price) {
        self.0.add(n.to_string());
    }

    #[handler]
    fn ticket(&mut self, Ticket(n): Ticket) {
        self.0.add(format!("ticket {n}"));
    }

    #[handler]
    fn lagged(&mut self, Lagged { topic, missed, .. }: Lagged) {
        self.0.add(format!("{topic} lagged {missed}"));
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    /// Publishes from its own turn.
    #[message(local)]
    async fn publish(&mut self, topic: Topic<Price>, n: u64) {
        topic.publish(Price(n)).await;
        topic.publish(Price(n + 1));
    }

    #[message]
    fn explode(&mut self) {
        panic!("boom");
    }

    #[message]
    fn done(&self) -> Vec<String> {
        self.0.lines()
    }
}

/// Does not handle the notice of missed messages.
#[actor]
struct Deaf(Log);

#[actor]
impl Deaf {
    #[handler]
    async fn price(&mut self, Price(n): Price) {
        self.0.add(n.to_string());
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
}

/// More urgent than a message without a priority, as `Lagged` is.
#[message(priority = 1)]
#[derive(Clone)]
pub struct Alarm(u64);

#[actor(priority, mailbox = 1)]
struct Ward(Log);

#[actor]
impl Ward {
    #[handler]
    fn alarm(&mut self, Alarm(n): Alarm) {
        self.0.add(n.to_string());
    }

    #[handler]
    fn lagged(&mut self, Lagged { missed, .. }: Lagged) {
        self.0.add(format!("lagged {missed}"));
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    /// Publishes to itself, past the bound, while the notice waits already.
    #[message(local, priority = 0)]
    async fn publish(&mut self, alarms: Topic<Alarm>, gate: Gate) {
        gate.pass().await;
        alarms.publish(Alarm(3));
    }
}

/// Subscribes itself, and keeps the guard.
#[actor]
struct Selfish {
    prices: Topic<Price>,
    own: Option<Subscription>,
    log: Log,
}

#[actor]
impl Selfish {
    #[on(start)]
    fn begin(&mut self, ctx: &mut Context<Self>) {
        self.own = Some(self.prices.subscribe_lossy(&ctx.me()));
    }

    #[handler]
    fn price(&mut self, Price(n): Price) {
        self.log.add(n.to_string());
    }
}

fn small(system: &System, place: Place, urn: &str) -> (ActorRef<Screen>, Log) {
    let log = Log::default();
    let screen = system.actor(Screen(log.clone())).urn(urn).mailbox(1);
    (screen.at(place).unwrap(), log)
}

async fn hold(screen: &ActorRef<Screen>) -> Keeper {
    let (gate, mut keeper) = gate();
    screen.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    keeper
}

async fn next_missed(events: &mut Events) -> (String, String, u64) {
    loop {
        if let Event::Missed { topic, urn, missed } = events.next().await.unwrap() {
            return (topic, urn.to_string(), missed);
        }
    }
}

fn missed(topic: &str, urn: &str, missed: u64) -> (String, String, u64) {
    (topic.to_owned(), urn.to_owned(), missed)
}

async fn each_subscriber_hears_each_message_in_order(place: Place) {
    let system = System::new("topic");
    let prices = system.topic::<Price>("prices").unwrap();
    let logs = [Log::default(), Log::default()];
    let left = system.actor(Screen(logs[0].clone())).at(place).unwrap();
    let right = system.actor(Deaf(logs[1].clone())).at(place).unwrap();
    let left_subscription = prices.subscribe(&left);
    let right_subscription = prices.subscribe_waiting(&right);
    assert_eq!((prices.subscribers(), prices.name()), (2, "prices"));
    for n in 1..=3 {
        prices.publish(Price(n)).await;
    }
    drop(left_subscription);
    assert_eq!(prices.subscribers(), 1);
    prices.publish(Price(4));
    assert!(right_subscription.is_active());
    assert!(system.shutdown().await.is_clean());
    assert_eq!(logs[0].lines(), ["1", "2", "3"]);
    assert_eq!(logs[1].lines(), ["1", "2", "3", "4"]);
    assert_eq!(prices.missed(), 0);
}

async fn a_slow_subscriber_is_told_how_many_it_missed_before_anything_newer(place: Place) {
    let system = System::new("topic");
    let mut events = system.events();
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let quick_log = Log::default();
    let quick = system.actor(Screen(quick_log.clone())).at(place).unwrap();
    let subscription = prices.subscribe(&slow);
    prices.subscribe(&quick).detach();
    let keeper = hold(&slow).await;
    for n in 1..=5 {
        prices.publish(Price(n)).await;
    }
    assert_eq!(quick.done().await.unwrap(), ["1", "2", "3", "4", "5"]);
    keeper.open();
    // The subscriber has room again, and gets the notice although nothing is
    // published.
    until(|| log.lines().len() == 2).await;
    prices.publish(Price(6));
    slow.stop().await;
    assert_eq!(log.lines(), ["1", "prices lagged 4", "6"]);
    assert_eq!(next_missed(&mut events).await, missed("prices", "slow", 4));
    assert_eq!((subscription.missed(), prices.missed()), (4, 4));
    assert!(!subscription.is_active());
}

async fn who_lags_again_is_told_again(place: Place) {
    let system = System::new("topic");
    let mut events = system.events();
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let _subscription = prices.subscribe(&slow);
    for round in 0..3 {
        let keeper = hold(&slow).await;
        for n in 0..=round + 1 {
            prices.publish(Price(10 * round + n));
        }
        keeper.open();
        let so_far = usize::try_from(2 * (round + 1)).unwrap();
        until(|| log.lines().len() == so_far).await;
        let told = next_missed(&mut events).await;
        assert_eq!(told, missed("prices", "slow", round + 1));
    }
    let told = ["0", "prices lagged 1", "10", "prices lagged 2", "20"];
    assert_eq!(log.lines()[..5], told);
    assert_eq!(log.lines()[5], "prices lagged 3");
}

/// The notice itself fills the mailbox.
async fn what_is_missed_behind_the_notice_is_told_by_the_next(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let _subscription = prices.subscribe(&slow);
    let first = hold(&slow).await;
    // Another turn waits in the only slot.
    let (at, mut second) = gate();
    slow.hold(at).tell().await.unwrap();
    prices.publish(Price(1));
    first.open();
    second.entered().await;
    // The notice of the first took the free slot.
    prices.publish(Price(2));
    prices.publish(Price(3));
    second.open();
    until(|| log.lines().len() == 2).await;
    assert_eq!(log.lines(), ["prices lagged 1", "prices lagged 2"]);
}

async fn of_what_a_subscriber_without_a_handler_missed_event_and_count_tell(place: Place) {
    let system = System::new("topic");
    let mut events = system.events();
    let prices = Topic::new("prices");
    let log = Log::default();
    let deaf = system.actor(Deaf(log.clone())).urn("deaf").mailbox(1);
    let deaf = deaf.at(place).unwrap();
    let recipient: Recipient<Price> = deaf.recipient();
    let subscription = prices.subscribe_lossy(&recipient);
    let (at, mut keeper) = gate();
    deaf.hold(at).tell().await.unwrap();
    keeper.entered().await;
    for n in 1..=3 {
        prices.publish(Price(n));
    }
    keeper.open();
    assert_eq!(next_missed(&mut events).await, missed("prices", "deaf", 2));
    prices.publish(Price(4));
    deaf.stop().await;
    assert_eq!(log.lines(), ["1", "4"]);
    assert_eq!(subscription.missed(), 2);
}

/// The waiting notice of a subscriber without a handler for it gives its slot
/// to others.
async fn those_in_line_behind_a_lossy_subscriber_get_their_place(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let log = Log::default();
    let deaf = system
        .actor(Deaf(log.clone()))
        .mailbox(1)
        .at(place)
        .unwrap();
    prices.subscribe_lossy(&deaf).detach();
    let (at, mut keeper) = gate();
    deaf.hold(at).tell().await.unwrap();
    keeper.entered().await;
    prices.publish(Price(1));
    prices.publish(Price(2));
    let recipient: Recipient<Price> = deaf.recipient();
    let mut telling = recipient.ask(Price(3)).tell();
    assert!(poll_once(&mut telling).is_pending());
    keeper.open();
    telling.await.unwrap();
    deaf.stop().await;
    assert_eq!(log.lines(), ["1", "3"]);
}

async fn a_subscriber_that_is_waited_for_misses_nothing(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let quick_log = Log::default();
    let quick = system.actor(Screen(quick_log.clone())).at(place).unwrap();
    let subscription = prices.subscribe_waiting(&slow);
    let _quick = prices.subscribe(&quick);
    let keeper = hold(&slow).await;
    prices.publish(Price(1)).await;
    let mut second = prices.publish(Price(2));
    assert!(poll_once(&mut second).is_pending());
    // The other subscribers have the message already.
    assert_eq!(quick.done().await.unwrap(), ["1", "2"]);
    keeper.open();
    second.await;
    prices.publish(Price(3)).await;
    slow.stop().await;
    assert_eq!(log.lines(), ["1", "2", "3"]);
    assert_eq!(subscription.missed(), 0);
}

async fn what_a_publisher_gives_up_to_wait_with_is_missed_and_told(place: Place) {
    let system = System::new("topic");
    let mut events = system.events();
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let subscription = prices.subscribe_waiting(&slow);
    let keeper = hold(&slow).await;
    prices.publish(Price(1));
    let mut waiting = prices.publish(Price(2));
    assert!(poll_once(&mut waiting).is_pending());
    drop(waiting);
    drop(prices.publish(Price(3)));
    keeper.open();
    assert_eq!(next_missed(&mut events).await, missed("prices", "slow", 2));
    slow.stop().await;
    assert_eq!(log.lines(), ["1"]);
    assert_eq!(subscription.missed(), 2);
}

async fn a_publisher_stops_waiting_for_who_leaves_or_ends(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let (slow, _) = small(&system, place, "slow");
    let keeper = hold(&slow).await;
    let subscription = prices.subscribe_waiting(&slow);
    prices.publish(Price(1)).await;
    let waiting = tokio::spawn(prices.publish(Price(2)));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(subscription);
    waiting.await.unwrap();

    prices.subscribe_waiting(&slow).detach();
    let waiting = tokio::spawn(prices.publish(Price(3)));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    let end = slow.stop();
    waiting.await.unwrap();
    assert_eq!(prices.subscribers(), 0);
    keeper.open();
    end.await;
    // The reserved slot was given back: no missed message is left.
    assert_eq!(prices.missed(), 0);
}

async fn who_has_ended_is_no_subscriber_any_more(place: Place) {
    let system = System::new("topic");
    let prices = Topic::<Price>::new("prices");
    let (stopped, _) = small(&system, place, "stopped");
    let (killed, _) = small(&system, place, "killed");
    let anonymous = system.actor(Deaf(Log::default())).at(place).unwrap();
    prices.subscribe(&stopped).detach();
    prices.subscribe(&killed).detach();
    prices.subscribe_lossy(&anonymous).detach();
    assert_eq!(prices.subscribers(), 3);
    stopped.stop().await;
    assert_eq!(prices.subscribers(), 2);
    killed.kill().await;
    assert_eq!(prices.subscribers(), 1);
    // A topic does not keep a subscriber alive.
    drop(anonymous);
    until(|| prices.subscribers() == 0).await;
    let late = prices.subscribe(&stopped);
    assert!(!late.is_active());
    assert_eq!(prices.subscribers(), 0);
}

/// For every priority of the messages, the notice comes before newer ones.
async fn the_notice_has_the_priority_of_what_was_missed(place: Place) {
    let system = System::new("topic");
    let alarms = Topic::new("alarms");
    let log = Log::default();
    let ward = system.actor(Ward(log.clone())).at(place).unwrap();
    let _subscription = alarms.subscribe(&ward);
    let (at, mut first) = gate();
    ward.hold(at).tell().await.unwrap();
    first.entered().await;
    let (at, mut second) = gate();
    ward.publish(alarms.clone(), at).tell().await.unwrap();
    alarms.publish(Alarm(1));
    alarms.publish(Alarm(2));
    first.open();
    // The notice took the slot of this turn.
    second.entered().await;
    second.open();
    until(|| log.lines().len() == 2).await;
    assert_eq!(log.lines(), ["lagged 2", "3"]);
    assert_eq!(alarms.missed(), 2);
}

/// The subscription belongs to the actor, over all its restarts.
async fn a_restart_loses_no_subscription(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let log = Log::default();
    let screen = {
        let log = log.clone();
        let screen = system.actor_with(move || Screen(log.clone()));
        let again = Restart::on_failure().backoff(Backoff::from(std::time::Duration::ZERO));
        screen.mailbox(1).restart(again).at(place).unwrap()
    };
    let subscription = prices.subscribe(&screen);
    let keeper = hold(&screen).await;
    screen.explode().tell().await.unwrap();
    prices.publish(Price(1));
    prices.publish(Price(2));
    keeper.open();
    until(|| log.lines().len() == 1).await;
    prices.publish(Price(3)).await;
    assert_eq!(screen.done().await.unwrap(), ["prices lagged 2", "3"]);
    assert_eq!(screen.generation(), Some(2));
    assert!(subscription.is_active());
}

async fn an_end_tells_of_what_the_subscriber_was_not_told(place: Place) {
    let system = System::new("topic");
    let mut events = system.events();
    let prices = Topic::new("prices");
    for end in ["stop", "kill", "leave", "topic"] {
        let (slow, log) = small(&system, place, end);
        let own = Topic::new("own");
        let topic = if end == "topic" { &own } else { &prices };
        let mut subscription = Some(topic.subscribe(&slow));
        let keeper = hold(&slow).await;
        for n in 1..=4 {
            topic.publish(Price(n));
        }
        let name = topic.name().to_owned();
        match end {
            "stop" => drop(slow.stop()),
            "kill" => drop(slow.kill()),
            "leave" => subscription = None,
            _ => drop(own),
        }
        assert_eq!(next_missed(&mut events).await, missed(&name, end, 3));
        assert!(subscription.is_none_or(|left| !left.is_active() && left.missed() == 3));
        keeper.open();
        slow.stop().await;
        let heard = if end == "kill" { vec![] } else { vec!["1"] };
        assert_eq!(log.lines(), heard, "{end}");
    }
    assert_eq!(prices.subscribers(), 0);
}

async fn who_unsubscribes_while_it_lags_holds_nobody_up(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let (slow, log) = small(&system, place, "slow");
    let subscription = prices.subscribe(&slow);
    let keeper = hold(&slow).await;
    prices.publish(Price(1));
    prices.publish(Price(2));
    let recipient: Recipient<Price> = slow.recipient();
    let mut telling = recipient.ask(Price(7)).tell();
    assert!(poll_once(&mut telling).is_pending());
    // The notice was before it in the queue.
    drop(subscription);
    keeper.open();
    telling.await.unwrap();
    slow.stop().await;
    assert_eq!(log.lines(), ["1", "7"]);
}

async fn an_actor_keeps_its_own_subscription_and_still_ends(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let log = Log::default();
    let selfish = Selfish {
        prices: prices.clone(),
        own: None,
        log: log.clone(),
    };
    let selfish = system.actor(selfish).at(place).unwrap();
    selfish.started().await.unwrap();
    prices.publish(Price(1));
    drop(selfish);
    until(|| system.all().is_empty()).await;
    assert_eq!(log.lines(), ["1"]);
    assert_eq!(prices.subscribers(), 0);
}

async fn an_actor_publishes_to_itself_however_full_it_is(place: Place) {
    let system = System::new("topic");
    let prices = Topic::new("prices");
    let (own, log) = small(&system, place, "own");
    prices.subscribe_waiting(&own).detach();
    prices.subscribe(&own).detach();
    let keeper = hold(&own).await;
    let queued = own.publish(prices.clone(), 1).reply().await.unwrap();
    keeper.open();
    queued.await.unwrap();
    own.stop().await;
    assert_eq!(log.lines(), ["1", "1", "2", "2"]);
    assert_eq!(prices.missed(), 0);
}

async fn a_topic_is_found_in_its_system_by_name_and_type(place: Place) {
    let system = System::new("topic");
    let (screen, log) = small(&system, place, "screen");
    let mailbox = system.topic::<Price>("prices").unwrap();
    mailbox.subscribe(&screen).detach();
    drop(mailbox);
    // Subscriptions keep the topic.
    for n in 0..500 {
        system.topic::<Price>(format!("other {n}")).unwrap();
    }
    let again = system.topic::<Price>("prices").unwrap();
    assert_eq!(again.subscribers(), 1);
    again.publish(Price(1));
    screen.stop().await;
    assert_eq!(log.lines(), ["1"]);

    let error = system.topic::<Ticket>("prices").unwrap_err();
    let TopicError::TypeMismatch {
        topic,
        expected,
        found,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(topic, "prices");
    assert!(expected.ends_with("Ticket") && found.ends_with("Price"));
    let other = System::new("other").topic::<Ticket>("prices").unwrap();
    assert_eq!(other.subscribers(), 0);
}

async fn a_message_that_cannot_be_cloned_is_made_for_each(place: Place) {
    let system = System::new("topic");
    let tickets = Topic::new("tickets");
    let (one, one_log) = small(&system, place, "one");
    let (two, two_log) = small(&system, place, "two");
    let _subscriptions = [tickets.subscribe(&one), tickets.subscribe(&two)];
    let mut n = 0;
    let next = || {
        n += 1;
        Ticket(n)
    };
    tickets.publish_with(next).await;
    system.shutdown().await;
    assert_eq!(one_log.lines(), ["ticket 1"]);
    assert_eq!(two_log.lines(), ["ticket 2"]);
}

async fn who_unsubscribes_while_others_are_sent_to_hears_nothing_more(place: Place) {
    let system = System::new("topic");
    let tickets = Topic::new("tickets");
    let (one, one_log) = small(&system, place, "one");
    let (two, two_log) = small(&system, place, "two");
    let _first = tickets.subscribe(&one);
    let mut second = Some(tickets.subscribe(&two));
    let next = || {
        second = None;
        Ticket(1)
    };
    tickets.publish_with(next).await;
    system.shutdown().await;
    assert_eq!(one_log.lines(), ["ticket 1"]);
    assert!(two_log.lines().is_empty());
}

/// Message whose clone accesses its topic: no lock is held while the clone is
/// made.
#[message(local)]
struct Curious(Topic<Curious>, Arc<AtomicUsize>);

impl Clone for Curious {
    fn clone(&self) -> Self {
        self.1.fetch_add(self.0.subscribers(), Ordering::Relaxed);
        Self(self.0.clone(), self.1.clone())
    }
}

#[actor]
struct Any;

#[actor]
impl Any {
    #[handler]
    fn curious(&mut self, _: Curious) {}
}

async fn no_lock_is_held_while_a_message_is_cloned(place: Place) {
    let system = System::new("topic");
    let topic = Topic::new("curious");
    let actors = [(); 3].map(|()| system.actor(Any).at(place).unwrap());
    let subscriptions = actors.each_ref().map(|any| topic.subscribe_lossy(any));
    let seen = Arc::new(AtomicUsize::new(0));
    topic.publish(Curious(topic.clone(), seen.clone()));
    assert_eq!(
        seen.load(Ordering::Relaxed),
        6,
        "the last gets the original"
    );
    drop(subscriptions);
}

/// For each subscriber the received and the missed messages add up, while
/// publishers, subscribers and ends run concurrently.
async fn what_was_heard_and_what_was_missed_is_all_there_was(place: Place) {
    const PUBLISHERS: u64 = 4;
    const EACH: u64 = 500;
    let system = System::new("topic");
    let prices = system.topic::<Price>("prices").unwrap();
    let screens: Vec<_> = (0..4)
        .map(|n| small(&system, place, &format!("screen {n}").replace(' ', "-")))
        .collect();
    let subscriptions: Vec<_> = screens
        .iter()
        .map(|(screen, _)| prices.subscribe(screen))
        .collect();
    let start = Arc::new(Barrier::new(5));
    let mut tasks = JoinSet::new();
    for _ in 0..PUBLISHERS {
        let (prices, start) = (prices.clone(), start.clone());
        tasks.spawn(async move {
            start.wait().await;
            for n in 0..EACH {
                prices.publish(Price(n)).await;
                if n % 16 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    let (passing, _) = small(&system, place, "passing");
    tasks.spawn(async move {
        start.wait().await;
        for _ in 0..200 {
            drop(prices.subscribe(&passing));
            tokio::task::yield_now().await;
        }
        assert_eq!(prices.subscribers(), 4);
    });
    tasks.join_all().await;
    let mut lost = 0;
    for ((screen, log), subscription) in screens.iter().zip(&subscriptions) {
        // Each subscriber gets its notice without an end and without a newer
        // message.
        let sum = || {
            log.lines().iter().fold(0, |sum, line| {
                sum + line
                    .strip_prefix("prices lagged ")
                    .map_or(1, |missed| missed.parse::<u64>().unwrap())
            })
        };
        until(|| sum() == PUBLISHERS * EACH).await;
        lost += subscription.missed();
        assert_eq!(screen.state(), Some(State::Running));
    }
    assert!(lost > 0, "nobody was slow");
}
