//! The life of a process actor: its end by its owner, by itself, and by its references.

use conclib::Place;
use conclib::prelude::*;
use conclib::process::InProcessError;
use nix::sys::signal::Signal;
use support::child::survivors;
use support::{poll_once, until};

use crate::actors::{
    How, Lingering, Starter, Worker, WorkerAdd, WorkerCalls as _, door, signal, worker,
};

#[support::test]
async fn it_is_stopped_and_killed_like_any_other() -> conclib::Result {
    let system = System::new("test");
    for reason in [
        StopReason::Stopped,
        StopReason::StoppedNow,
        StopReason::Killed,
    ] {
        let (worker, process) = worker(&system).await?;
        assert_eq!(worker.state(), Some(State::Running));
        let ended = match reason {
            StopReason::Stopped => worker.stop().await,
            StopReason::StoppedNow => worker.stop_now().await,
            _ => worker.kill().await,
        };
        assert_eq!(ended, reason);
        // Nothing is left when the end is known.
        assert!(!process.is_alive());
        assert_eq!(worker.state(), Some(State::Stopped));
        assert_eq!(worker.stop().await, reason);
        let late = worker.add(1).await.unwrap_err();
        assert!(matches!(late, AskError::Stopped { .. }), "{late:?}");
    }
    assert!(system.all().is_empty());
    Ok(())
}

#[support::test]
async fn a_turn_that_never_awaits_is_killed_with_its_process() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let busy = worker.spin().reply().await?;
    assert_eq!(worker.kill().await, StopReason::Killed);
    assert!(!process.is_alive());
    assert!(matches!(
        busy.await,
        Err(AskError::Disconnected {
            delivery: Delivery::MayHaveRun,
            ..
        })
    ));
    Ok(())
}

/// A second stop, and one from another process, come while the hook runs.
#[support::test]
async fn its_hook_runs_once_however_often_it_is_stopped() -> conclib::Result {
    let system = System::new("test");
    let (door, mut hooks, open) = door(&system)?;
    let lingering = system.actor(Lingering { door }).in_process();
    let lingering = lingering.spawn().await?;
    let (other, _) = worker(&system).await?;
    let mut one = lingering.stop().into_future();
    assert!(poll_once(&mut one).is_pending());
    hooks.recv().await.unwrap();
    let mut two = lingering.stop().into_future();
    assert!(poll_once(&mut two).is_pending());
    let three = other.stop_other(lingering.clone()).reply().await?;
    // Enough for a hook of each stop.
    open.add_permits(3);
    assert_eq!(one.await, StopReason::Stopped);
    assert_eq!(two.await, StopReason::Stopped);
    assert_eq!(three.await?, "stopped");
    assert_eq!(lingering.stop().await, StopReason::Stopped);
    assert!(hooks.try_recv().is_err(), "the hook ran again");
    Ok(())
}

#[support::test]
async fn a_weak_reference_does_not_keep_it_and_knows_its_end() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let weak = worker.downgrade();
    assert_eq!(weak.upgrade(), Some(worker.clone()));
    assert!(worker.is_me_weakly(weak.clone()).await?);
    let again = weak.upgrade().unwrap();
    drop(worker);
    assert_eq!(again.add(1).await?, 1);
    drop(again);
    assert_eq!(weak.stopped().await, StopReason::Unreferenced);
    assert_eq!(weak.upgrade(), None);
    until(|| !process.is_alive()).await;
    Ok(())
}

#[support::test]
async fn it_is_found_by_its_type_and_by_its_messages() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    assert_eq!(system.of::<Worker>(), std::slice::from_ref(&worker));
    let mut found = system.recipients::<WorkerAdd>();
    let recipient = found.pop().unwrap();
    assert!(found.is_empty());
    assert_eq!(recipient.ask(WorkerAdd { by: 2 }).await?, 2);
    assert_eq!(system.broadcast(WorkerAdd { by: 3 }).delivered, 1);
    assert_eq!(worker.add(1).await?, 6);

    // The recipient keeps an actor without a name, and is the last to do so.
    drop(worker);
    assert_eq!(recipient.ask(WorkerAdd { by: 1 }).await?, 7);
    drop(recipient);
    until(|| !process.is_alive()).await;
    assert!(system.recipients::<WorkerAdd>().is_empty());
    Ok(())
}

#[support::test]
async fn the_last_reference_ends_an_actor_without_a_name() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let copy = worker.clone();
    let recipient: Recipient<WorkerAdd> = copy.recipient();
    drop((worker, copy));
    recipient.tell(WorkerAdd { by: 1 }).await?;
    assert!(process.is_alive());
    let mut events = system.events();
    drop(recipient);
    loop {
        if let Event::Stopped { reason, .. } = events.next().await.unwrap() {
            assert_eq!(reason, StopReason::Unreferenced);
            break;
        }
    }
    assert!(!process.is_alive());
    Ok(())
}

#[support::test]
async fn an_actor_with_a_name_stays_without_references() -> conclib::Result {
    let system = System::new("test");
    let named = system
        .actor(Worker::default())
        .urn("named")
        .in_process()
        .spawn()
        .await?;
    let pid = named.pid().await?;
    drop(named);
    let named: ActorRef<Worker> = system.get("named")?;
    assert_eq!(named.pid().await?, pid);
    Ok(())
}

#[support::test]
async fn it_ends_by_itself_with_its_process() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    worker.finish().await?;
    assert_eq!(worker.stopped().await, Some(StopReason::Stopped));
    assert!(!process.is_alive());
    Ok(())
}

#[support::test]
async fn the_end_of_its_system_is_its_end() -> conclib::Result {
    let system = System::new("test");
    let (one, of_one) = worker(&system).await?;
    let report = system.shutdown().await;
    assert!(report.is_clean());
    assert_eq!(one.stopped().await, Some(StopReason::Shutdown));
    assert!(!of_one.is_alive());

    let system = System::new("test");
    let (two, of_two) = worker(&system).await?;
    drop(system);
    assert_eq!(two.stopped().await, Some(StopReason::Killed));
    assert!(survivors(&[of_two]).is_empty());
    Ok(())
}

/// Watches workers, and has them as children.
#[actor]
#[derive(Default)]
pub struct Boss {
    heard: Vec<String>,
}

#[actor]
impl Boss {
    #[message(local)]
    fn watch(&mut self, worker: ActorRef<Worker>, ctx: &mut Context<Self>) {
        ctx.watch(&worker);
    }

    #[message(local)]
    async fn hire(&mut self, ctx: &mut Context<Self>) -> Result<ActorRef<Worker>, InProcessError> {
        ctx.actor(Worker::default()).in_process().spawn().await
    }

    /// Hires a worker that cannot start.
    #[message(local)]
    async fn hire_in_vain(&mut self, ctx: &mut Context<Self>) -> String {
        let hired = ctx
            .create::<Starter>(How::Error("no luck".into()))
            .in_process();
        hired.spawn().await.unwrap_err().to_string()
    }

    #[message(local)]
    fn heard(&mut self) -> Vec<String> {
        self.heard.clone()
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        match exit.type_name.ends_with("Starter") {
            true => Directive::Resume,
            false => exit.default,
        }
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.heard.push(gone.reason.to_string());
    }
}

#[support::test]
async fn a_watcher_hears_of_the_end_of_the_process() -> conclib::Result {
    let system = System::new("test");
    let boss = system.spawn(Boss::default())?;
    let (worker, process) = worker(&system).await?;
    boss.watch(worker.clone()).await?;
    signal(process.pid, Signal::SIGKILL);
    let reason = worker.stopped().await.unwrap();
    let StopReason::ProcessExited(exit) = &reason else {
        panic!("{reason:?}");
    };
    assert_eq!(exit.pid, process.pid);
    assert_eq!(
        boss.heard().await?,
        [format!("its process {} was ended by signal 9", process.pid)]
    );
    Ok(())
}

#[support::test]
async fn a_parent_gets_the_error_of_a_start_in_its_turn() -> conclib::Result {
    let system = System::new("test");
    let boss = system.spawn(Boss::default())?;
    let said = boss.hire_in_vain().await?;
    assert!(
        said.ends_with("did not start: failed to start: no luck"),
        "{said}"
    );
    assert_eq!(boss.state(), Some(State::Running));
    Ok(())
}

#[support::test]
async fn it_ends_with_its_parent() -> conclib::Result {
    let system = System::new("test");
    let boss = system.spawn(Boss::default())?;
    let worker = boss.hire().await?;
    let pid = worker.pid().await?;
    boss.stop().await;
    assert_eq!(worker.stopped().await, Some(StopReason::Parent));
    until(|| !std::path::Path::new(&format!("/proc/{pid}")).exists()).await;
    Ok(())
}

#[support::test]
async fn its_failure_becomes_that_of_its_parent() -> conclib::Result {
    let system = System::new("test");
    let boss = system.spawn(Boss::default())?;
    let worker = boss.hire().await?;
    let _ = worker.panic("enough".into()).await;
    let reason = boss.stopped().await.unwrap().to_string();
    assert!(reason.ends_with("panicked: enough"), "{reason}");
    Ok(())
}

#[support::test]
async fn a_panic_is_the_reason_for_the_end() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let error = worker.panic("out of luck".into()).await.unwrap_err();
    assert!(matches!(&error, AskError::Panicked { .. }), "{error:?}");
    assert!(error.to_string().contains("out of luck"), "{error}");
    let reason = worker.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::Panicked(_)));
    assert!(!process.is_alive());
    Ok(())
}

/// The system of the owner does not wait, and shows the messages that have no answer yet.
#[support::test]
async fn a_snapshot_is_asked_of_its_process_past_its_mailbox() -> conclib::Result {
    let system = System::new("test");
    let (door, mut begins, open) = door(&system)?;
    let builder = system.actor(Worker::default()).urn("w").in_process();
    let restart = Restart::on_failure().backoff(Backoff::none());
    let worker = builder.restart(restart).spawn().await?;
    worker.panic("once".into()).await.unwrap_err();
    for n in 1..=3 {
        assert_eq!(worker.add(1).await?, n);
    }
    let held = worker.hold(door).reply().await?;
    begins.recv().await.unwrap();
    worker.add(1).tell().await?;
    let there = worker.current_snapshot().await?;
    assert_eq!((&there.urn, there.place), (&worker.urn(), Place::Process));
    assert_eq!((there.generation, there.restarts), (2, 1));
    assert_eq!((there.handled, there.failed, there.depth), (3, 0, 1));
    assert_eq!(there.busy_with.as_deref(), Some("hold"));
    let other = system.actor(Worker::default()).in_process().spawn().await?;
    assert_eq!(
        other.handled_by(worker.clone()).await?,
        3,
        "from a third process"
    );
    let here = system.snapshot();
    let here = here.actors.iter().find(|it| it.urn == worker.urn());
    let here = here.expect("it is one of the system");
    assert_eq!((here.handled, here.depth, here.state), (0, 1, there.state));
    open.add_permits(1);
    held.await?;
    worker.stop().await;
    let ended = worker.current_snapshot().await?;
    assert_eq!((ended.state, ended.generation), (State::Stopped, 2));
    Ok(())
}
