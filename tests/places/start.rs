//! The start of a process actor, and its failures.

use std::process::Command;

use conclib::prelude::*;
use conclib::process::InProcessError;
use serde::{Deserialize, Serialize};
use support::child::{Kid, Process};
use support::processes::own_children;
use support::{Echo, EchoCalls as _, poll_once, until};

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

/// Number of the process that a text names.
fn pid_in(text: &str) -> u32 {
    let (_, rest) = text.rsplit_once("process ").expect(text);
    let pid = rest.split_once(' ').map_or(rest, |(pid, _)| pid);
    pid.parse().expect(text)
}

/// A process that has ended, but was not waited for, is still a child.
#[support::test]
async fn a_start_that_fails_leaves_neither_process_nor_name() -> conclib::Result {
    let system = System::new("test");
    for (how, text) in [
        (How::Lost { panics: false }, "failed to start: lost in "),
        (How::Lost { panics: true }, "failed to start: lost in "),
        (How::Exit(7), "exited with code 7"),
        (How::Abort("last words".into()), "was ended by signal 6"),
    ] {
        let starter = system.create::<Starter>(how).urn("it").in_process();
        let said = starter.spawn().await.unwrap_err().to_string();
        assert!(said.contains(text), "{said}");
        assert!(!own_children().contains(&pid_in(&said)), "{said}");
    }
    let it = system.actor(Worker::default()).urn("it").in_process();
    let it = it.spawn().await?;
    assert!(own_children().contains(&it.pid().await?));
    Ok(())
}

#[support::test]
async fn an_actor_of_a_library_is_known() -> conclib::Result {
    let system = System::new("test");
    let echo = system.actor(Echo).in_process().spawn().await?;
    assert_eq!(echo.echo("hello".into()).await?, "hello");
    assert_ne!(echo.process().await?, std::process::id());
    Ok(())
}

/// Processes of this one with that text in their arguments.
fn processes_with(text: &str) -> Vec<u32> {
    let family = Process::family(std::process::id());
    let has = |it: &&Process| {
        let path = format!("/proc/{}/cmdline", it.pid);
        std::fs::read_to_string(path).is_ok_and(|args| args.contains(text))
    };
    family.iter().filter(has).map(|it| it.pid).collect()
}

#[support::test]
async fn a_start_that_is_given_up_leaves_no_process() -> conclib::Result {
    let system = System::new("given-up");
    let starts = || system.create::<Starter>(How::Never);
    for kills in [false, true] {
        let builder = match kills {
            true => starts().urn("named").in_process(),
            false => starts().in_process(),
        };
        let mut start = Box::pin(builder.spawn());
        let pids = loop {
            assert!(poll_once(&mut start).is_pending());
            match processes_with("\"given-up\"") {
                none if none.is_empty() => tokio::task::yield_now().await,
                pids => break pids,
            }
        };
        drop(start);
        if kills {
            let named: ActorRef<Starter> = system.get("named")?;
            assert_eq!(named.kill().await, StopReason::Killed);
        }
        until(|| system.all().is_empty()).await;
        assert_eq!(processes_with("\"given-up\""), [0; 0]);
        let children = own_children();
        assert!(!pids.iter().any(|pid| children.contains(pid)), "{pids:?}");
    }
    Ok(())
}

/// Argument of a process of an actor.
const SPEC: &str =
    r#"conclib:process={"actor":"places::actors::Worker","is_created":false,"system":"test"}"#;

/// Runs in the process of the test below, as a program does that has an entry in another place.
#[support::test]
async fn a_process_past_its_entry() -> conclib::Result {
    if std::env::args().any(|arg| arg == SPEC) {
        let system = System::new("test");
        let started = system.actor(Worker::default()).in_process().spawn().await;
        let refused = matches!(started, Err(InProcessError::NoEntry));
        println!("refused: {refused}");
    }
    Ok(())
}

#[support::test]
async fn a_process_that_missed_its_entry_starts_no_other() -> conclib::Result {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([
        "--exact",
        "start::a_process_past_its_entry",
        "--nocapture",
        SPEC,
    ]);
    let mut kid = Kid::start(&mut command)?;
    assert_eq!(kid.said("refused: ").await?, "true");
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

#[support::test]
fn a_runtime_without_timers_starts_no_process() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_io().build().unwrap();
    runtime.block_on(async {
        let system = System::new("test");
        let one = system.actor(Worker::default()).in_process().spawn();
        let pool = system.pool(Worker::default).in_process().spawn();
        for error in [one.await.unwrap_err(), pool.await.unwrap_err()] {
            assert!(
                matches!(error, InProcessError::Spawn(SpawnError::NoTimers)),
                "{error}"
            );
            assert!(error.to_string().contains("enable_time"), "{error}");
        }
        assert_eq!(system.all().len(), 0);
    });
}
