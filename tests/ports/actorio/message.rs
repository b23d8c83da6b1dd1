//! test_message.py

use conclib::PrivateDir;
use conclib::prelude::*;

use support::{ScribeCalls, scribe};

#[message]
#[derive(Debug, PartialEq)]
struct Plain {
    n: u64,
}

#[support::test]
async fn message_queue_base_methods() {
    let mut queue = Inbox::new(2);
    let address = queue.address();
    address.ask(Plain { n: 1 }).try_tell().unwrap();
    assert_eq!(queue.try_recv().unwrap().message, Plain { n: 1 });
    address.ask(Plain { n: 2 }).tell().await.unwrap();
    assert_eq!(queue.recv().await.unwrap().message, Plain { n: 2 });
    assert!(queue.try_recv().is_none());
}

/// Difference: the sender gets an error, and the actor continues. Inside one
/// program, an unknown message does not compile.
#[support::test]
async fn message_input_actor_raises_exception_on_unknown_message() {
    let system = System::new("actorio");
    let scribe = system.actor(scribe().0).urn("scribe").spawn().unwrap();
    let dir = PrivateDir::new().unwrap();
    let url = format!("unix://{}", dir.path().join("p.sock").display());
    let proxy = Proxy::serve(&system, &url).await.unwrap();
    let client = ProxyClient::connect(proxy.url()).await.unwrap();
    let error = client.ask("scribe", Plain { n: 1 }).await.unwrap_err();
    assert!(matches!(error, AskError::NoSuchMessage { .. }), "{error}");
    assert_eq!(scribe.echo(1).await, Ok(1));
}

/// Returns the sender of the message.
#[actor]
#[derive(Default)]
struct Receiver {
    sender: Option<Urn>,
    received: usize,
}

#[actor]
impl Receiver {
    #[handler]
    fn plain(&mut self, _: Plain, ctx: &mut Context<Self>) {
        self.received += 1;
        self.sender = ctx.sender().map(|sender| sender.urn());
    }

    #[message]
    fn seen(&mut self) -> (usize, Option<Urn>) {
        (self.received, self.sender.take())
    }
}

#[actor]
struct Sender(ActorRef<Receiver>);

#[actor]
impl Sender {
    #[message]
    async fn send(&mut self) {
        self.0.ask(Plain { n: 1 }).tell().await.unwrap();
    }
}

#[support::test]
async fn message_converts_actor_to_a_reference() {
    let system = System::new("actorio");
    let receiver = system.spawn(Receiver::default()).unwrap();
    let sender = system.spawn(Sender(receiver.clone())).unwrap();
    sender.send().await.unwrap();
    assert_eq!(receiver.seen().await.unwrap(), (1, Some(sender.urn())));
}

/// Difference: it can, and the receiver sees that no actor sent the message.
#[support::test]
async fn message_cannot_be_sent_without_a_sender() {
    let system = System::new("actorio");
    let receiver = system.spawn(Receiver::default()).unwrap();
    receiver.ask(Plain { n: 1 }).tell().await.unwrap();
    assert_eq!(receiver.seen().await.unwrap(), (1, None));
}
