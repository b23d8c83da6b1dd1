//! Processes of one owner, which speak past it.

use std::any::Any;
use std::collections::BTreeSet;

use conclib::prelude::*;
use futures_util::StreamExt as _;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use support::processes::stands_still;

use crate::actors::signal;

/// Notes the messages that come to it.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Target {
    notes: Vec<u64>,
}

#[actor]
impl Target {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    fn origin(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.origin().to_string()
    }

    #[message]
    fn note(&mut self, n: u64) -> usize {
        self.notes.push(n);
        self.notes.len()
    }

    #[message]
    fn notes(&mut self) -> Vec<u64> {
        self.notes.clone()
    }

    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> + use<> {
        futures_util::stream::iter(0..to)
    }

    #[message]
    async fn sleep(&mut self) {
        std::future::pending::<()>().await;
    }

    #[message]
    fn panic(&mut self) {
        panic!("of the test");
    }

    /// Ends the process as a crash does.
    #[message]
    async fn die(&mut self) {
        signal(std::process::id(), Signal::SIGKILL);
        std::future::pending::<()>().await;
    }

    /// Waits until its asker has gone.
    #[message]
    async fn is_left(&mut self, told: ActorRef<Asker>, ctx: &mut Context<Self>) {
        told.begun().tell().await.unwrap();
        ctx.asker_gone().await;
        told.was_left().tell().await.unwrap();
    }

    #[message]
    fn last_words(&mut self, ctx: &mut Context<Self>) -> Vec<u8> {
        ctx.stop();
        vec![7; 1 << 20]
    }

    #[message]
    async fn circle(&mut self, asker: ActorRef<Asker>) -> String {
        asker.turn().await.unwrap_err().to_string()
    }

    /// Starts an actor beside this one.
    #[message]
    fn beside(&mut self, ctx: &mut Context<Self>) -> ActorRef<Target> {
        ctx.system().spawn(Self::default()).unwrap()
    }
}

/// Asks an actor of another process.
#[actor]
#[derive(Serialize, Deserialize)]
pub struct Asker {
    target: ActorRef<Target>,
    left: u32,
    #[serde(skip)]
    asked: Option<Box<dyn Any + Send>>,
}

#[actor]
impl Asker {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    async fn origin(&mut self) -> Result<String, AskError> {
        self.target.origin().await
    }

    #[message]
    async fn origin_at(&mut self, target: ActorRef<Target>) -> String {
        target.origin().await.unwrap()
    }

    /// Sends in all ways, from the first moment on.
    #[message]
    async fn hammer(&mut self, times: u64) -> usize {
        let mut asked = Vec::new();
        for n in 0..times {
            match n % 3 {
                0 => self.target.note(n).tell().await.unwrap(),
                _ => asked.push(self.target.note(n).reply().await.unwrap()),
            }
        }
        let asked = futures_util::future::try_join_all(asked).await;
        asked.unwrap().len()
    }

    /// Asks the target to end its process, and returns when that is known here.
    #[message]
    async fn lose_target(&mut self) -> AskError {
        self.target.die().await.unwrap_err()
    }

    #[message]
    async fn ask_behind_a_panic(&mut self, asks: usize) -> Vec<u32> {
        let panics = self.target.panic().into_future();
        let asks = (0..asks).map(|_| self.target.pid().into_future());
        let asks = futures_util::future::join_all(asks);
        let (panicked, answers) = tokio::join!(panics, asks);
        assert!(matches!(panicked, Err(AskError::Panicked { .. })));
        answers.into_iter().map(Result::unwrap).collect()
    }

    /// Tells without waiting, before anything else can have happened.
    #[message]
    async fn tell_at_once(&mut self, times: u64) -> usize {
        for n in 0..times {
            self.target.note(n).try_tell().unwrap();
        }
        self.target.note(times).await.unwrap()
    }

    #[message]
    async fn sum(&mut self, to: u64) -> u64 {
        let numbers = self.target.count(to).await.unwrap();
        let sum = numbers.fold(0, |sum, n| async move { sum + n.unwrap() });
        sum.await
    }

    #[message]
    async fn last_words(&mut self) -> usize {
        self.target.last_words().await.unwrap().len()
    }

    #[message]
    async fn kill_target(&mut self, target: u32, asks: usize) -> Vec<AskError> {
        let mut answers = Vec::new();
        for _ in 0..asks {
            answers.push(self.target.sleep().reply().await.unwrap());
        }
        signal(target, Signal::SIGKILL);
        let answers = futures_util::future::join_all(answers).await;
        answers.into_iter().filter_map(Result::err).collect()
    }

    #[message]
    async fn leave(&mut self, ctx: &mut Context<Self>) {
        let me = ctx.me();
        let ask = self.target.is_left(me).reply().await.unwrap();
        self.asked = Some(Box::new(ask));
    }

    #[message]
    fn begun(&mut self) {
        self.asked = None;
    }

    #[message]
    fn was_left(&mut self) {
        self.left += 1;
    }

    #[message]
    fn left(&mut self) -> u32 {
        self.left
    }

    #[message]
    async fn circle(&mut self, ctx: &mut Context<Self>) -> String {
        self.target.circle(ctx.me()).await.unwrap()
    }

    #[message]
    fn turn(&mut self) {}

    /// Asks while the owner stands still.
    #[message]
    async fn ask_past(&mut self, owner: u32, asks: u64) -> usize {
        self.target.note(0).await.unwrap();
        signal(owner, Signal::SIGSTOP);
        support::until(|| stands_still(owner)).await;
        for n in 0..asks {
            self.target.note(n).await.unwrap();
        }
        signal(owner, Signal::SIGCONT);
        self.target.notes().await.unwrap().len()
    }
}

/// Owner of two processes.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Owner;

#[actor]
impl Owner {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    async fn pair(&mut self, ctx: &mut Context<Self>) -> (ActorRef<Asker>, ActorRef<Target>) {
        pair(&ctx.system()).await.unwrap()
    }
}

/// A pair whose target starts again when it fails.
async fn restarting_pair(system: &System) -> conclib::Result<(ActorRef<Asker>, ActorRef<Target>)> {
    let policy = Restart::on_failure().backoff(Backoff::none());
    let target = system.actor(Target::default()).in_process();
    let target = target.restart(policy).spawn().await?;
    Ok((asker_of(system, &target).await?, target))
}

async fn pair(system: &System) -> conclib::Result<(ActorRef<Asker>, ActorRef<Target>)> {
    let target = system.actor(Target::default());
    let target = target.in_process().spawn().await?;
    Ok((asker_of(system, &target).await?, target))
}

async fn asker_of(system: &System, target: &ActorRef<Target>) -> conclib::Result<ActorRef<Asker>> {
    let asker = Asker {
        target: target.clone(),
        left: 0,
        asked: None,
    };
    Ok(system.actor(asker).in_process().spawn().await?)
}

fn process_of(pid: u32) -> String {
    format!("process {pid}")
}

#[support::test]
async fn messages_do_not_pass_through_the_owner() -> conclib::Result {
    let system = System::new("test");
    let (asker, target) = pair(&system).await?;
    assert_eq!(asker.origin().await?, process_of(asker.pid().await?));
    // An actor that has no name in the owner at all.
    let beside = target.beside().await?;
    let origin = asker.origin_at(beside).await?;
    assert_eq!(origin, process_of(asker.pid().await?));
    // From here, it is the owner that asks.
    assert_eq!(target.origin().await?, process_of(std::process::id()));
    Ok(())
}

#[support::test]
async fn cousins_and_what_they_made_are_reached() -> conclib::Result {
    let system = System::new("test");
    let owner = system.actor(Owner).in_process().spawn().await?;
    let (of_other, far) = owner.pair().await?;
    let (asker, near) = pair(&system).await?;
    let beside = far.beside().await?;
    assert_eq!(beside.note(1).await?, 1);
    for target in [far, beside] {
        asker.origin_at(target.clone()).await?;
        assert_eq!(
            of_other.origin_at(target).await?,
            process_of(of_other.pid().await?)
        );
    }
    let beside = near.beside().await?;
    for target in [near, beside] {
        of_other.origin_at(target).await?;
    }
    Ok(())
}

#[support::test]
async fn they_speak_while_their_owner_stands_still() -> conclib::Result {
    let system = System::new("test");
    let owner = system.actor(Owner).in_process().spawn().await?;
    let pid = owner.pid().await?;
    let (asker, _target) = owner.pair().await?;
    assert_eq!(asker.ask_past(pid, 1000).await?, 1001);
    Ok(())
}

#[support::test]
async fn the_order_is_kept_from_the_first_message_on() -> conclib::Result {
    let system = System::new("test");
    for _ in 0..3 {
        let (asker, target) = pair(&system).await?;
        assert_eq!(asker.hammer(300).await?, 200);
        assert_eq!(target.notes().await?, Vec::from_iter(0..300));
        let (asker, target) = pair(&system).await?;
        assert_eq!(asker.tell_at_once(100).await?, 101);
        assert_eq!(target.notes().await?, Vec::from_iter(0..=100));
    }
    Ok(())
}

#[support::test]
async fn a_stream_takes_the_same_way() -> conclib::Result {
    let system = System::new("test");
    let (asker, _target) = pair(&system).await?;
    assert_eq!(asker.sum(10_000).await?, 49_995_000);
    Ok(())
}

#[support::test]
async fn an_asker_that_leaves_is_told_of() -> conclib::Result {
    let system = System::new("test");
    let (asker, _target) = pair(&system).await?;
    asker.leave().await?;
    while asker.left().await? == 0 {}
    Ok(())
}

#[support::test]
async fn the_last_answer_of_a_process_arrives() -> conclib::Result {
    let system = System::new("test");
    let (asker, target) = pair(&system).await?;
    assert_eq!(asker.last_words().await?, 1 << 20);
    assert_eq!(target.stopped().await.unwrap(), StopReason::Stopped);
    let error = asker.origin().await.unwrap_err();
    let is_gone = matches!(
        error,
        AskError::Handler(AskError::Stopped { .. } | AskError::NoSuchActor { .. })
    );
    assert!(is_gone, "{error:?}");
    Ok(())
}

#[support::test]
async fn a_circle_between_them_is_an_error() -> conclib::Result {
    let system = System::new("test");
    let (asker, _target) = pair(&system).await?;
    let said = asker.circle().await?;
    assert!(said.starts_with("would deadlock: "), "{said}");
    Ok(())
}

#[support::test]
async fn a_kill_answers_what_is_under_way_and_a_restart_is_found() -> conclib::Result {
    let system = System::new("test");
    let (asker, target) = restarting_pair(&system).await?;
    let me = format!("process {}", asker.pid().await?);
    assert_eq!(asker.origin().await?, me);
    let errors = asker.kill_target(target.pid().await?, 64).await?;
    assert_eq!(errors.len(), 64);
    for error in errors {
        assert!(matches!(error, AskError::Disconnected { .. }), "{error:?}");
    }
    // The next process is reached through the owner first, and then directly.
    let mut origins = BTreeSet::new();
    while !origins.contains(&me) {
        origins.extend(asker.origin().await.ok());
    }
    Ok(())
}

#[support::test]
async fn asks_behind_a_panic_are_answered_by_the_next_process() -> conclib::Result {
    let system = System::new("test");
    let (asker, target) = restarting_pair(&system).await?;
    let me = process_of(asker.pid().await?);
    for _ in 0..2 {
        while asker.origin().await? != me {}
        let before = target.pid().await?;
        let after = asker.ask_behind_a_panic(64).await?;
        assert_eq!(after, vec![target.pid().await?; 64]);
        assert_ne!(after[0], before);
    }
    Ok(())
}

#[support::test]
async fn many_know_each_other() -> conclib::Result {
    let system = System::new("test");
    let mut pairs = Vec::new();
    for _ in 0..3 {
        pairs.push(pair(&system).await?);
    }
    for (asker, _) in &pairs {
        let origins = pairs
            .iter()
            .map(|(_, target)| asker.origin_at(target.clone()));
        let origins = origins.map(IntoFuture::into_future);
        for origin in futures_util::future::join_all(origins).await {
            assert_eq!(origin?, format!("process {}", asker.pid().await?));
        }
    }
    Ok(())
}

/// Number of open files of a process.
fn files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count()
}

#[support::test(alone)]
async fn those_that_end_leave_nothing_in_the_others() -> conclib::Result {
    let system = System::new("test");
    let (asker, _target) = pair(&system).await?;
    let pids = [asker.pid().await?, std::process::id()];
    let one = async || -> conclib::Result {
        let target = system.actor(Target::default()).in_process().spawn().await?;
        assert_eq!(asker.origin_at(target.clone()).await?, process_of(pids[0]));
        target.stop().await;
        Ok(())
    };
    // The first has what is made once.
    one().await?;
    asker.origin().await?;
    let before = pids.map(files);
    for _ in 0..20 {
        one().await?;
    }
    support::until(|| pids.map(files) <= before).await;
    Ok(())
}

#[support::test]
async fn requests_for_a_process_that_starts_again_wait_in_their_order() -> conclib::Result {
    let system = System::new("test");
    let (asker, target) = restarting_pair(&system).await?;
    for generation in 2..=6 {
        let lost = asker.lose_target().await?;
        assert!(matches!(lost, AskError::Disconnected { .. }), "{lost}");
        // Both the owner and the asker know of it, and the new process starts.
        support::until(|| target.generation() == Some(generation)).await;
        assert_eq!(asker.tell_at_once(90).await?, 91);
        assert_eq!(target.notes().await?, Vec::from_iter(0..=90));
    }
    Ok(())
}
