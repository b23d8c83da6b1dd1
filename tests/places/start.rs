//! The start of a process actor, and its failures.

use conclib::prelude::*;
use conclib::process::InProcessError;
use serde::{Deserialize, Serialize};

use crate::actors::{How, Starter, StarterCalls as _, Worker, WorkerCalls as _, worker};

#[support::test]
async fn each_actor_has_a_process_of_its_own() -> conclib::Result {
    let system = System::new("test");
    let (one, of_one) = worker(&system).await?;
    let (other, of_other) = worker(&system).await?;
    assert_ne!(of_one.pid, std::process::id());
    assert_ne!(of_one.pid, of_other.pid);
    assert_eq!(one.add(2).await?, 2);
    assert_eq!(one.add(2).await?, 4);
    assert_eq!(other.add(1).await?, 1);
    Ok(())
}

#[support::test]
async fn the_state_travels_as_its_value_or_as_the_arguments() -> conclib::Result {
    let system = System::new("test");
    let valued = system.actor(Worker { n: 40 }).in_process().spawn().await?;
    assert_eq!(valued.add(2).await?, 42);
    let created = system.create::<Starter>(How::Well("text".into()));
    let created = created.urn("starter").in_process().spawn().await?;
    assert_eq!(created.text().await?, "text");
    assert_eq!(system.get::<Starter>("starter")?, created);
    Ok(())
}

#[actor]
#[derive(Serialize, Deserialize)]
pub struct Generic<T> {
    value: T,
}

#[actor]
impl<T: Clone> Generic<T> {
    #[message]
    fn value(&mut self) -> T {
        self.value.clone()
    }
}

conclib::process::register!(Generic<String>);

#[support::test]
async fn a_generic_actor_is_registered_for_each_type() -> conclib::Result {
    let system = System::new("test");
    let known = Generic {
        value: "known".to_owned(),
    };
    let known = system.actor(known).in_process().spawn().await?;
    assert_eq!(known.value().await?, "known");

    let unknown = system
        .actor(Generic { value: 7_u8 })
        .in_process()
        .spawn()
        .await;
    let error = unknown.unwrap_err();
    assert!(matches!(error, InProcessError::NotRegistered { .. }));
    let said = error.to_string();
    assert!(said.contains("conclib::process::register!"), "{said}");
    assert!(said.contains("Generic<u8>"), "{said}");
    assert_eq!(system.all().len(), 1);
    Ok(())
}

#[support::test]
async fn a_start_that_fails_returns_the_error_of_the_actor() -> conclib::Result {
    let system = System::new("test");
    for (how, text) in [
        (How::Error("no luck".into()), "failed to start: no luck"),
        (
            How::Panic("out of luck".into()),
            "failed to start: out of luck",
        ),
        (How::Exit(0), "exited with code 0"),
        (How::Exit(7), "exited with code 7"),
        (
            How::Abort("last words".into()),
            "was ended by signal 6, after the output: ",
        ),
        (How::Abort("last words".into()), "last words"),
    ] {
        let started = system
            .create::<Starter>(how)
            .urn("it")
            .in_process()
            .spawn()
            .await;
        let error = started.unwrap_err();
        assert!(matches!(error, InProcessError::Start(_)), "{error:?}");
        let said = error.to_string();
        assert!(said.starts_with("`it` did not start: "), "{said}");
        assert!(said.contains(text), "{said}");
        // The name is free again.
        assert!(system.lookup("it").is_err());
    }
    Ok(())
}

#[support::test]
async fn a_name_that_is_taken_starts_no_process() -> conclib::Result {
    let system = System::new("test");
    let _first = system
        .actor(Worker::default())
        .urn("w")
        .in_process()
        .spawn()
        .await?;
    let second = system
        .actor(Worker::default())
        .urn("w")
        .in_process()
        .spawn()
        .await;
    let error = second.unwrap_err();
    assert!(
        matches!(error, InProcessError::Spawn(SpawnError::UrnTaken { .. })),
        "{error}"
    );
    Ok(())
}
