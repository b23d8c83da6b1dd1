//! Address for one message type, for lists of actors of any type.

use std::time::Duration;

use conclib::prelude::*;
use support::{Log, Scribe, ScribeCalls, ScribeEcho, hold, scribe};

/// Event for any subscriber.
#[message(reply = u64)]
pub struct News(pub u64);

#[actor]
struct Reader(Log);

#[actor]
impl Reader {
    #[handler]
    fn news(&mut self, News(n): News) -> u64 {
        self.0.add(format!("reader {n}"));
        n
    }
}

#[actor(mailbox = 1)]
struct Archive(Log);

#[actor]
impl Archive {
    #[handler]
    async fn news(&mut self, message: News) -> u64 {
        self.0.add(format!("archive {}", message.0));
        message.0 * 10
    }

    #[message]
    fn size(&self) -> usize {
        self.0.lines().len()
    }
}

#[support::test]
async fn a_list_of_recipients_reaches_actors_of_different_types() {
    let system = System::new("recipient");
    let log = Log::default();
    let reader = system.spawn(Reader(log.clone())).unwrap();
    let archive = system.actor(Archive(log.clone())).urn("archive");
    let archive = archive.spawn().unwrap();
    let listeners: Vec<Recipient<News>> = vec![reader.recipient(), archive.recipient()];
    assert_eq!(listeners[1].urn(), "archive");
    for listener in &listeners {
        listener.ask(News(1)).tell().await.unwrap();
    }
    let mut answers = Vec::new();
    for listener in listeners.clone() {
        answers.push(listener.ask(News(2)).await.unwrap());
    }
    assert_eq!(answers, [2, 20]);
    assert_eq!(archive.size().await, Ok(4));
}

#[support::test(start_paused = true)]
async fn it_sends_in_every_way_a_reference_does() {
    let system = System::new("recipient");
    let scribe = system.actor(scribe().0).mailbox(1).spawn().unwrap();
    let to: Recipient<ScribeEcho> = scribe.recipient();
    assert_eq!(to.ask(ScribeEcho { n: 1 }).await, Ok(1));
    let owned = to.ask(ScribeEcho { n: 2 }).owned();
    assert_eq!(tokio::spawn(owned.into_future()).await.unwrap(), Ok(2));
    let call = to.ask(ScribeEcho { n: 3 }).owned();
    let blocking = tokio::task::spawn_blocking(|| call.blocking());
    assert_eq!(blocking.await.unwrap(), Ok(3));

    let keeper = hold(&scribe).await;
    let reply = to.ask(ScribeEcho { n: 4 }).reply().await.unwrap();
    let full = to.ask(ScribeEcho { n: 5 }).try_tell().unwrap_err();
    assert_eq!(full.into_message().n, 5);
    let second = Duration::from_secs(1);
    let late = to.ask(ScribeEcho { n: 6 }).timeout(second).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    let mut waiting = to.ask(ScribeEcho { n: 7 }).tell();
    assert!(support::poll_once(&mut waiting).is_pending());
    drop(waiting);
    keeper.open();
    assert_eq!(reply.await, Ok(4));
    scribe.stop().await;
    let stopped = to.ask(ScribeEcho { n: 8 }).tell().await.unwrap_err();
    assert!(matches!(stopped, TellError::Stopped { .. }));
    let system = System::new("other");
    let fresh: ActorRef<Scribe> = system.spawn(self::scribe().0).unwrap();
    assert_eq!(fresh.echo(1).await, Ok(1));
}

#[support::test]
async fn a_declared_message_and_a_method_are_the_same_message() {
    let system = System::new("recipient");
    let scribe = system.spawn(scribe().0).unwrap();
    assert_eq!(scribe.echo(5).await, scribe.ask(ScribeEcho { n: 5 }).await);
}
