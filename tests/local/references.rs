//! References: equality, hashing, and their text forms.
#![allow(
    clippy::mutable_key_type,
    reason = "a reference is hashed by what never changes"
)]

use std::collections::{HashMap, HashSet};

use conclib::prelude::*;
use support::{Scribe, ScribeCalls, ScribeEcho, scribe};

#[actor]
struct Cache<T> {
    last: Option<T>,
}

#[actor]
impl<T: Clone> Cache<T> {
    #[message(local)]
    fn put(&mut self, value: T) -> Option<T> {
        self.last.replace(value)
    }
}

#[support::test]
async fn references_are_equal_if_they_lead_to_the_same_actor() {
    let system = System::new("references");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    let two = system.spawn(scribe().0).unwrap();
    assert_eq!(one, one.clone());
    assert_ne!(one, two);
    assert_eq!(one, system.get::<Scribe>("one").unwrap());
    assert_eq!(one, one.downgrade().upgrade().unwrap());

    let mut names: HashMap<ActorRef<Scribe>, &str> = HashMap::new();
    names.insert(one.clone(), "one");
    names.insert(two.clone(), "two");
    assert_eq!((names[&one.clone()], names[&two]), ("one", "two"));
    let set: HashSet<_> = [one.clone(), two.clone(), one.clone()].into();
    assert_eq!(set.len(), 2);

    // A later actor with the same name is a different actor.
    one.stop().await;
    let next = system.actor(scribe().0).urn("one").spawn().unwrap();
    assert_eq!(next.urn(), one.urn());
    assert_ne!(next, one);
    assert!(matches!(one.echo(1).await, Err(AskError::Stopped { .. })));
    assert_eq!(next.echo(1).await, Ok(1));
}

#[support::test]
async fn references_say_the_type_and_the_name_and_not_the_path() {
    let system = System::new("references");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    assert_eq!(one.to_string(), "Scribe (one)");
    assert_eq!(format!("{one:?}"), "ActorRef(Scribe (one))");
    let weak = one.downgrade();
    assert_eq!(format!("{weak:?}"), "WeakRef(one)");
    let recipient: Recipient<ScribeEcho> = one.recipient();
    assert_eq!(format!("{recipient:?}"), "Recipient<echo>(one)");
    let any = system.lookup("one").unwrap();
    assert!(format!("{any:?}").ends_with("Scribe one)"), "{any:?}");
    let anonymous = system.spawn(scribe().0).unwrap();
    assert!(anonymous.to_string().starts_with("Scribe (urn:uuid:"));

    let cache = system.actor(Cache::<u8> { last: None });
    let cache = cache.urn("cache").spawn().unwrap();
    assert_eq!(cache.to_string(), "Cache<u8> (cache)");
    assert_eq!(cache.put(1).await, Ok(None));
    assert_eq!(cache.put(2).await, Ok(Some(1)));
}

#[support::test]
async fn errors_name_the_actor_and_what_to_do() {
    let system = System::new("references");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    one.stop().await;
    let texts = [
        (
            one.echo(1).await.unwrap_err().to_string(),
            "Scribe (one) stopped before it answered `echo`; its handler has not run",
        ),
        (
            one.note(1).tell().await.unwrap_err().to_string(),
            "Scribe (one) has stopped; `ScribeNote` was not delivered",
        ),
        (
            system.lookup("one").unwrap_err().to_string(),
            "no actor `one` lives in the system `references`",
        ),
    ];
    for (text, expected) in texts {
        assert_eq!(text, expected);
    }
}

#[support::test]
async fn errors_name_the_type_of_an_anonymous_actor() {
    let system = System::new("references");
    let one = system.spawn(scribe().0).unwrap();
    let name = format!("Scribe ({})", one.urn());
    one.stop().await;
    let asked = one.echo(1).await.unwrap_err().to_string();
    assert_eq!(
        asked,
        format!("{name} stopped before it answered `echo`; its handler has not run")
    );
    let told = one.note(1).try_tell().unwrap_err().to_string();
    assert_eq!(
        told,
        format!("{name} has stopped; `ScribeNote` was not delivered")
    );
    // A reused name is shown with the type of the new actor.
    let urn: Urn = "again".parse().unwrap();
    let first = system.actor(scribe().0).urn(&urn).spawn().unwrap();
    first.stop().await;
    let cache = system.actor(Cache::<u8> { last: None }).urn(&urn);
    let cache = cache.spawn().unwrap();
    cache.stop().await;
    let error = cache.put(1).await.unwrap_err().to_string();
    assert!(error.starts_with("Cache (again) stopped"), "{error}");
    let error = first.echo(1).await.unwrap_err().to_string();
    assert!(error.starts_with("Scribe (again) stopped"), "{error}");
}
