//! One message is sent to all actors that handle it. An actor that cannot take
//! it affects no other, and is counted.

use conclib::Place;
use conclib::prelude::*;
use conclib::system::Broadcast;
use support::{At, Gate, Log, gate, next_dead_letter};

support::on_every_place! {
    of_five_the_four_that_live_get_it,
    it_reaches_every_type_that_handles_the_message_and_no_other,
    a_full_mailbox_is_counted_and_a_dead_letter,
    an_actor_that_broadcasts_reaches_itself_even_if_it_is_full,
}

#[message]
#[derive(Clone)]
pub struct News(u64);

#[actor]
struct Reader(Log);

#[actor]
impl Reader {
    #[handler]
    fn news(&mut self, News(n): News) {
        self.0.add(format!("news {n}"));
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    /// Sends to all actors, including itself.
    #[message]
    fn announce(&mut self, n: u64, ctx: &mut Context<Self>) -> usize {
        self.0.add("announce");
        ctx.system().broadcast(News(n)).delivered
    }
}

/// Actor of another type that handles the same message.
#[actor]
struct Archive(Log);

#[actor]
impl Archive {
    #[handler]
    async fn news(&mut self, News(n): News) {
        self.0.add(format!("archive {n}"));
    }
}

fn counts(report: Broadcast) -> (usize, usize, usize) {
    (report.delivered, report.full, report.stopped)
}

async fn of_five_the_four_that_live_get_it(place: Place) {
    let system = System::new("broadcast");
    let log = Log::default();
    let readers: Vec<_> = (0..5)
        .map(|_| system.actor(Reader(log.clone())).at(place).unwrap())
        .collect();
    readers[2].kill().await;
    assert_eq!(counts(system.broadcast(News(1))), (4, 0, 0));
    system.shutdown().await;
    assert_eq!(log.count("news 1"), 4);
    assert_eq!(counts(system.broadcast(News(2))), (0, 0, 0));
}

async fn it_reaches_every_type_that_handles_the_message_and_no_other(place: Place) {
    let system = System::new("broadcast");
    let log = Log::default();
    let _reader = system.actor(Reader(log.clone())).at(place).unwrap();
    let _archive = system.actor(Archive(log.clone())).at(place).unwrap();
    let _scribe = system.actor(support::scribe().0).at(place).unwrap();
    assert_eq!(counts(system.broadcast(News(1))), (2, 0, 0));
    assert!(system.shutdown().await.is_clean());
    assert_eq!((log.count("news 1"), log.count("archive 1")), (1, 1));
}

async fn a_full_mailbox_is_counted_and_a_dead_letter(place: Place) {
    let system = System::new("broadcast");
    let mut events = system.events();
    let log = Log::default();
    let slow = system.actor(Reader(log.clone())).urn("slow").mailbox(1);
    let slow = slow.at(place).unwrap();
    let quick = system.actor(Reader(log.clone())).at(place).unwrap();
    let (at, mut keeper) = gate();
    slow.hold(at).tell().await.unwrap();
    keeper.entered().await;
    assert_eq!(counts(system.broadcast(News(1))), (2, 0, 0));
    let end = system.actor(Reader(log.clone())).at(place).unwrap();
    let (at, mut last) = gate();
    end.hold(at).tell().await.unwrap();
    last.entered().await;
    let ended = end.stop();
    assert_eq!(counts(system.broadcast(News(2))), (1, 1, 1));
    let letter = next_dead_letter(&mut events).await;
    assert_eq!((letter.urn.as_str(), letter.message), ("slow", "News"));
    assert_eq!(letter.cause, DeadLetterCause::MailboxFull);
    assert_eq!(letter.from, None);
    assert_eq!(system.snapshot().dead_letters, 1);
    keeper.open();
    last.open();
    ended.await;
    slow.stop().await;
    quick.stop().await;
    assert_eq!((log.count("news 1"), log.count("news 2")), (2, 1));
}

async fn an_actor_that_broadcasts_reaches_itself_even_if_it_is_full(place: Place) {
    let system = System::new("broadcast");
    let log = Log::default();
    let own = system.actor(Reader(log.clone())).mailbox(1);
    let own = own.at(place).unwrap();
    let (at, mut keeper) = gate();
    own.hold(at).tell().await.unwrap();
    keeper.entered().await;
    let answer = own.announce(7).reply().await.unwrap();
    keeper.open();
    assert_eq!(answer.await, Ok(1));
    own.stop().await;
    assert_eq!(log.lines(), ["announce", "news 7"]);
}
