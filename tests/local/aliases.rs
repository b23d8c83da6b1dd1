//! An actor can have more names than its own.

use std::sync::Arc;

use conclib::error::PublishError;
use conclib::prelude::*;
use support::{Scribe, ScribeCalls, scribe};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

#[support::test]
async fn an_actor_is_found_by_each_of_its_names() {
    let system = System::new("aliases");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    system.publish(&one, "alias").unwrap();
    system.publish(&one, "another").unwrap();
    for name in ["one", "alias", "another"] {
        assert_eq!(system.get::<Scribe>(name).unwrap(), one);
        assert_eq!(system.lookup(name).unwrap().urn(), "one");
    }
    assert_eq!(system.all().len(), 1, "it is still one actor");
    assert!(system.withdraw("alias"));
    assert!(system.lookup("alias").is_err());
    assert_eq!(system.get::<Scribe>("another").unwrap(), one);
    assert_eq!(one.echo(1).await, Ok(1));
}

#[support::test]
async fn a_name_is_withdrawn_once_and_an_own_name_never() {
    let system = System::new("aliases");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    system.publish(&one, "alias").unwrap();
    system.publish(&one, "alias").unwrap();
    assert!(system.withdraw("alias"));
    assert!(!system.withdraw("alias"));
    assert!(!system.withdraw("nobody"));
    system.publish(&one, "one").unwrap();
    assert!(!system.withdraw("one"));
    assert_eq!(system.get::<Scribe>("one").unwrap(), one);
}

#[support::test]
async fn a_name_that_is_taken_or_is_none_is_refused() {
    let system = System::new("aliases");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    let two = system.actor(scribe().0).urn("two").spawn().unwrap();
    system.publish(&one, "alias").unwrap();
    for name in ["one", "alias"] {
        let error = system.publish(&two, name).unwrap_err();
        let taken = PublishError::UrnTaken {
            urn: name.parse().unwrap(),
            system: "aliases".to_owned(),
        };
        assert_eq!(error, taken);
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = system.actor(scribe().0).urn("alias").spawn().unwrap_err();
    assert!(matches!(error, SpawnError::UrnTaken { .. }), "{error}");
    let error = system.publish(&two, "two words").unwrap_err();
    assert!(matches!(error, PublishError::Urn(_)), "{error}");
    assert_eq!(system.get::<Scribe>("alias").unwrap(), one);
    // Withdrawn, the alias is free for other actors.
    assert!(system.withdraw("alias"));
    system.publish(&two, "alias").unwrap();
    assert_eq!(system.get::<Scribe>("alias").unwrap(), two);
}

#[support::test]
async fn the_names_of_an_actor_are_free_when_it_has_ended() {
    let system = System::new("aliases");
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    system.publish(&one, "alias").unwrap();
    one.kill().await;
    assert!(system.lookup("alias").is_err());
    assert!(!system.withdraw("alias"));
    let not_here = PublishError::NotHere {
        actor: "one".parse().unwrap(),
        system: "aliases".to_owned(),
    };
    assert_eq!(system.publish(&one, "alias").unwrap_err(), not_here);
    let other = system.actor(scribe().0).urn("alias").spawn().unwrap();
    assert_eq!(system.get::<Scribe>("alias").unwrap(), other);

    let elsewhere = System::new("elsewhere");
    let error = elsewhere.publish(&other, "alias").unwrap_err();
    assert!(matches!(error, PublishError::NotHere { .. }), "{error}");
}

#[support::test]
async fn an_alias_keeps_no_anonymous_actor_alive() {
    let system = System::new("aliases");
    let mut events = system.events();
    let one = system.spawn(scribe().0).unwrap();
    system.publish(&one, "alias").unwrap();
    assert_eq!(system.get::<Scribe>("alias").unwrap(), one);
    one.started().await.unwrap();
    drop(one);
    loop {
        if let Some(Event::Stopped { reason, .. }) = events.next().await {
            assert_eq!(reason, StopReason::Unreferenced);
            break;
        }
    }
    assert!(system.lookup("alias").is_err());
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_want_one_name_at_once_exactly_one_gets_it() {
    let system = System::new("aliases");
    let actors: Vec<_> = (0..8).map(|_| system.spawn(scribe().0).unwrap()).collect();
    for _ in 0..50 {
        let start = Arc::new(Barrier::new(actors.len()));
        let mut tasks = JoinSet::new();
        for actor in actors.clone() {
            let (system, start) = (system.clone(), start.clone());
            tasks.spawn(async move {
                start.wait().await;
                let won = system.publish(&actor, "alias").is_ok();
                (won, actor)
            });
        }
        let mut all = tasks.join_all().await;
        all.retain(|(won, _)| *won);
        assert_eq!(all.len(), 1);
        assert_eq!(system.get::<Scribe>("alias").unwrap(), all[0].1);
        assert!(system.withdraw("alias"));
    }
}

#[cfg(all(feature = "net", feature = "apid"))]
mod outside {
    use conclib::prelude::*;

    #[actor(urn = "desk")]
    struct Desk;

    #[actor]
    impl Desk {
        #[message]
        fn double(&mut self, n: u64) -> u64 {
            2 * n
        }
    }

    #[support::test]
    async fn a_client_in_another_process_asks_by_an_alias() -> conclib::Result {
        let system = System::new("aliases");
        let desk = system.spawn(Desk)?;
        system.publish(&desk, "front")?;
        let dir = PrivateDir::new()?;
        let url = format!("unix://{}", dir.path().join("a.sock").display());
        let proxy = Proxy::serve(&system, &url).await?;
        let client = ProxyClient::connect(proxy.url()).await?;
        assert_eq!(client.ask("front", DeskDouble { n: 2 }).await?, 4);
        assert!(system.withdraw("front"));
        let error = client.ask("front", DeskDouble { n: 2 }).await;
        assert!(
            matches!(&error, Err(AskError::NoSuchActor { urn }) if *urn == "front"),
            "{error:?}"
        );
        assert!(system.shutdown().await.is_clean());
        Ok(())
    }
}
