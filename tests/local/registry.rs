//! Lookup of actors by name.

use std::sync::Arc;

use conclib::Place;
use conclib::prelude::*;
use support::{At, Scribe, ScribeCalls, scribe};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

support::on_every_place! {
    multi_thread:
    of_many_that_want_one_name_at_once_exactly_one_gets_it,
}

#[actor(urn = "own")]
struct Own;

#[actor]
impl Own {
    #[message]
    fn ping(&mut self) -> u8 {
        1
    }
}

#[support::test]
async fn the_spawner_names_it_else_its_struct_else_nobody() {
    let system = System::new("registry");
    assert_eq!(system.spawn(Own).unwrap().urn(), "own");
    assert_eq!(system.actor(Own).urn("mine").spawn().unwrap().urn(), "mine");
    let scribe = system.spawn(scribe().0).unwrap();
    let urn = scribe.urn();
    assert_eq!(urn, scribe.urn(), "a name that is made up stays");
    let uuid = urn.as_str().strip_prefix("urn:uuid:").unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
}

#[support::test]
async fn a_name_that_is_taken_is_refused_and_its_owner_untouched() {
    let system = System::new("registry");
    let own = system.spawn(Own).unwrap();
    let error = system.spawn(Own).unwrap_err();
    let taken = SpawnError::UrnTaken {
        urn: "own".parse().unwrap(),
        system: "registry".to_owned(),
    };
    assert_eq!(error, taken);
    assert!(error.to_string().contains("`own`"), "{error}");
    assert_eq!(own.ping().await, Ok(1));
    assert_eq!(system.snapshot().actors.len(), 1);
    // Holds also for an actor of another type.
    let error = system.actor(scribe().0).urn("own").spawn().unwrap_err();
    assert_eq!(error, taken);
    own.stop().await;
    assert_eq!(system.spawn(Own).unwrap().ping().await, Ok(1));
}

async fn of_many_that_want_one_name_at_once_exactly_one_gets_it(place: Place) {
    let system = System::new("registry");
    for _ in 0..50 {
        let start = Arc::new(Barrier::new(8));
        let mut spawners = JoinSet::new();
        for _ in 0..8 {
            let (system, start) = (system.clone(), start.clone());
            spawners.spawn(async move {
                start.wait().await;
                system.actor(Own).at(place)
            });
        }
        let mut won = spawners.join_all().await;
        won.retain(|spawned| match spawned {
            Ok(_) => true,
            Err(SpawnError::UrnTaken { .. }) => false,
            Err(error) => panic!("{error}"),
        });
        assert_eq!(won.len(), 1);
        assert_eq!(system.snapshot().actors.len(), 1);
        won.remove(0).unwrap().stop().await;
    }
}

#[support::test]
async fn an_actor_is_found_as_what_it_is_and_not_as_another_type() {
    let system = System::new("registry");
    let own = system.spawn(Own).unwrap();
    assert_eq!(system.get::<Own>("own").unwrap(), own);
    let error = system.get::<Scribe>("own").unwrap_err();
    let LookupError::TypeMismatch {
        urn,
        expected,
        found,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(*urn, "own");
    assert!(expected.ends_with("Scribe") && found.ends_with("Own"));

    let any = system.lookup("own").unwrap();
    assert_eq!(any.urn(), "own");
    assert!(any.type_name().ends_with("Own"));
    assert_eq!(any.state(), State::Starting);
    assert_eq!(any.downcast::<Own>().unwrap().ping().await, Ok(1));
    assert!(any.downcast::<Scribe>().is_err());
    assert_eq!(any.state(), State::Running);
}

#[support::test]
async fn nobody_is_found_under_a_name_that_nobody_has() {
    let system = System::new("registry");
    for name in ["nobody", "", "no name at all *", "urn:uuid:1"] {
        let error = system.lookup(name).unwrap_err();
        let nobody = LookupError::NoSuchActor {
            urn: name.to_owned(),
            system: "registry".to_owned(),
        };
        assert_eq!(error, nobody);
        assert_eq!(system.get::<Own>(name).unwrap_err(), nobody);
    }
}

#[support::test]
async fn a_name_that_is_none_is_refused() {
    let system = System::new("registry");
    for name in ["", "two words", "conclib:mine", "a*"] {
        let error = system.actor(Own).urn(name).spawn().unwrap_err();
        assert!(matches!(error, SpawnError::Urn(_)), "{error}");
    }
    assert!(system.snapshot().actors.is_empty());
}

#[support::test]
async fn an_anonymous_actor_is_found_by_the_name_that_was_made_up_for_it() {
    let system = System::new("registry");
    let one = system.spawn(scribe().0).unwrap();
    let two = system.spawn(scribe().0).unwrap();
    assert_eq!(system.get::<Scribe>(one.urn()).unwrap(), one);
    assert_eq!(system.get::<Scribe>(two.urn()).unwrap(), two);
    let urn = one.urn();
    one.stop().await;
    assert!(system.lookup(urn).is_err());
    // Asked for its name after its end, it has one and is not found by it.
    let late = system.spawn(scribe().0).unwrap();
    late.stop().await;
    assert!(system.lookup(late.urn()).is_err());
}

#[support::test]
async fn two_systems_do_not_meet() {
    let here = System::new("here");
    let there = System::new("there");
    let own = here.spawn(Own).unwrap();
    assert!(there.lookup("own").is_err());
    let other = there.spawn(Own).unwrap();
    assert_ne!(own, other);
    let anonymous = here.spawn(scribe().0).unwrap();
    assert!(there.lookup(anonymous.urn()).is_err());
    let mut events = here.events();
    assert_eq!(there.shutdown().await.stopped, 1);
    assert_eq!(there.snapshot().actors.len(), 0);
    assert_eq!(here.snapshot().actors.len(), 2);
    assert_eq!(own.ping().await, Ok(1));
    assert_eq!(anonymous.echo(1).await, Ok(1));
    // The two systems have different names in texts.
    assert_eq!((here.name(), there.name()), ("here", "there"));
    own.stop().await;
    while let Some(event) = events.next().await {
        if let Event::Stopped { urn, .. } = event {
            assert_eq!(urn, "own");
            break;
        }
    }
}

#[support::test]
async fn actors_are_listed_oldest_first() {
    let system = System::new("registry");
    let names = ["c", "a", "b"];
    for name in names {
        system.actor(Own).urn(name).spawn().unwrap();
    }
    let seen = system.snapshot();
    let listed: Vec<_> = seen.actors.iter().map(|actor| actor.urn.as_str()).collect();
    assert_eq!(listed, names);
}
