//! test_messages.py and test_envelope.py

use conclib::prelude::*;

use super::clerk::{Clerk, ClerkCalls, ClerkGreetings, ClerkHello};

/// Difference: a stop is a signal in a separate queue, so a full mailbox does
/// not delay it.
#[support::test]
async fn actor_stop() {
    let system = System::new("pykka");
    let clerk = system.actor(Clerk::default()).mailbox(1).spawn().unwrap();
    clerk.greetings().try_tell().unwrap();
    assert!(clerk.greetings().try_tell().is_err(), "it is full");
    assert_eq!(clerk.stop().await, StopReason::Stopped);
}

/// A message is a value with fields, equivalent to the method call.
#[support::test]
async fn proxy_call() {
    let system = System::new("pykka");
    let clerk = system.spawn(Clerk::default()).unwrap();
    let message = || ClerkHello {
        whom: "world".into(),
    };
    assert_eq!((ClerkHello::NAME, &*message().whom), ("hello", "world"));
    let called = clerk.hello("world".into()).await;
    assert_eq!(clerk.ask(message()).await, called);
    let recipient: Recipient<ClerkHello> = clerk.recipient();
    assert_eq!(recipient.ask(message()).await, called);
}

/// `Debug` text of a message under way: its name, and never its body.
#[support::test]
async fn envelope_repr() {
    let mut inbox = Inbox::new(1);
    inbox.address().ask(ClerkGreetings {}).try_tell().unwrap();
    let request = inbox.try_recv().unwrap();
    let text = format!("{request:?}");
    assert!(
        text.starts_with("Request") && text.contains("greetings"),
        "{text}"
    );
}
