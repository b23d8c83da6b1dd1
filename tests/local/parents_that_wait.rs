//! Parents, siblings and children that wait for each other while one of them is
//! started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::Place;
use conclib::event::DeadLetterCause;
use conclib::prelude::*;
use futures_util::future::join_all;
use support::family::{BACKOFF, policy};
use support::{At, Gate, Keeper, Log, NoGood, gate, pool_at, until};
use tokio::sync::Semaphore;
use tokio::time::Instant;

support::on_every_place! {
    a_parent_without_a_hook_may_wait_for_a_child_that_fails,
    a_start_may_wait_for_the_start_of_a_child_that_fails_at_first,
    an_ask_of_a_child_that_comes_to_wait_for_the_hook_is_told,
    an_ask_through_another_actor_is_told,
    a_tell_that_waits_for_a_place_is_told,
    a_wait_for_the_start_of_a_child_is_told,
    an_ask_by_the_hook_itself_is_told,
    a_wait_for_a_pool_that_the_hook_has_to_decide_on_is_told,
    a_group_comes_up_without_the_one_that_failed,
}

/// Places of children.
const PLACES: [Place; 2] = [Place::Task, Place::Thread];

/// Fails on request, and in a given number of its first starts.
#[actor]
struct Child {
    broken: Arc<AtomicUsize>,
    /// Semaphore that limits the starts: each takes a permit.
    starts: Arc<Semaphore>,
}

#[actor]
impl Child {
    #[on(start)]
    async fn start(&mut self) -> Result<(), String> {
        self.starts.acquire().await.unwrap().forget();
        let spend = |broken: usize| broken.checked_sub(1);
        match self
            .broken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
        {
            Ok(_) => Err("not yet".to_owned()),
            Err(_) => Ok(()),
        }
    }

    #[message]
    async fn work(&mut self, n: u64) -> u64 {
        tokio::task::yield_now().await;
        assert_ne!(n, 13, "unlucky");
        n
    }

    #[message(local)]
    async fn fail_behind(&mut self, gate: Gate) {
        gate.pass().await;
        panic!("it fails");
    }
}

fn source() -> impl Fn() -> Child + Send + Sync + 'static {
    source_that_fails(0, Arc::new(Semaphore::new(99)))
}

fn source_that_fails(
    failures: usize,
    starts: Arc<Semaphore>,
) -> impl Fn() -> Child + Send + Sync + 'static {
    let broken = Arc::new(AtomicUsize::new(failures));
    move || Child {
        broken: broken.clone(),
        starts: starts.clone(),
    }
}

/// Parent without a child hook.
#[actor]
struct Plain {
    /// Place of the children.
    within: Place,
    child: Option<ActorRef<Child>>,
    pool: Option<Pool<Child>>,
}

impl Plain {
    fn child(&self) -> &ActorRef<Child> {
        self.child.as_ref().unwrap()
    }
}

#[actor]
impl Plain {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        self.child = Some(ctx.actor_with(source()).restart(policy()).at(self.within)?);
        let pool = ctx.pool(source()).size(2).restart(policy());
        self.pool = Some(pool_at!(pool, self.within));
        Ok(())
    }

    #[message]
    async fn at_once(&mut self) -> (bool, u64) {
        let (bad, good) = tokio::join!(
            self.child().work(13).into_future(),
            self.child().work(1).into_future()
        );
        (matches!(bad, Err(AskError::Panicked { .. })), good.unwrap())
    }

    #[message]
    async fn one_after_the_other(&mut self) -> (bool, u64) {
        let bad = self.child().work(13).await;
        let good = self.child().work(1).await;
        (matches!(bad, Err(AskError::Panicked { .. })), good.unwrap())
    }

    #[message]
    async fn fan_out(&mut self) -> Vec<u64> {
        let pool = self.pool.as_ref().unwrap();
        let jobs = (0..20).map(|n| pool.ask(ChildWork { n }).into_future());
        let answers = join_all(jobs).await;
        answers.into_iter().map(|it| it.unwrap_or(99)).collect()
    }
}

async fn plain(place: Place, within: Place) -> ActorRef<Plain> {
    let system = System::new("parents");
    let parent = system.actor_with(move || Plain {
        within,
        child: None,
        pool: None,
    });
    let parent = parent.at(place).unwrap();
    parent.started().await.unwrap();
    // An anonymous actor lives by this reference; the system must not end here.
    std::mem::forget(system);
    parent
}

async fn a_parent_without_a_hook_may_wait_for_a_child_that_fails(place: Place) {
    for within in PLACES {
        let parent = plain(place, within).await;
        assert_eq!(parent.at_once().await.unwrap(), (true, 1));
        assert_eq!(parent.one_after_the_other().await.unwrap(), (true, 1));
        let expected: Vec<_> = (0..20).map(|n| if n == 13 { 99 } else { n }).collect();
        assert_eq!(parent.fan_out().await.unwrap(), expected);
    }
}

/// Parent with a pool and a child hook.
#[actor]
struct HookedPool {
    /// Place of the workers.
    within: Place,
    pool: Option<Pool<Child>>,
    log: Log,
}

#[actor]
impl HookedPool {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        let pool = ctx.pool(source()).size(2).restart(policy());
        self.pool = Some(pool_at!(pool, self.within));
        Ok(())
    }

    #[on(child)]
    fn child_exit(&mut self, exit: ChildExit) -> Directive {
        self.log.add("decides");
        exit.default
    }

    #[message]
    async fn fan_out(&mut self, unlucky: u64) -> Vec<String> {
        let pool = self.pool.as_ref().unwrap();
        let n = |at| if at == 4 { unlucky } else { at };
        let jobs = (0..10).map(|at| pool.ask(ChildWork { n: n(at) }).into_future());
        let answers = join_all(jobs).await.into_iter();
        answers
            .map(|it| it.map_or_else(|error| error.to_string(), |n| n.to_string()))
            .collect()
    }
}

async fn a_wait_for_a_pool_that_the_hook_has_to_decide_on_is_told(place: Place) {
    let system = System::new("parents");
    for within in PLACES {
        let log = Log::default();
        let hooked = {
            let log = log.clone();
            move || HookedPool {
                within,
                pool: None,
                log: log.clone(),
            }
        };
        let parent = system.actor_with(hooked).at(place).unwrap();
        let answers = parent.fan_out(13).await.unwrap();
        assert!(answers[4].contains("unlucky"), "{answers:?}");
        let told = |text: &&String| text.contains("would deadlock");
        let answered = (0_u64..)
            .zip(&answers)
            .filter(|(n, it)| n.to_string() == **it);
        let (told, answered) = (answers.iter().filter(told).count(), answered.count());
        assert_eq!(told + answered, 9, "{answers:?}");
        assert!(answered >= 4, "{answers:?}");
        until(|| log.has("decides")).await;
        // The worker is there again.
        let expected: Vec<_> = (0..10).map(|n: u64| n.to_string()).collect();
        assert_eq!(parent.fan_out(4).await.unwrap(), expected);
    }
}

/// Blocks its thread for its child.
#[actor]
struct Blocking;

#[actor]
impl Blocking {
    #[message]
    fn one_after_the_other(&mut self, ctx: &mut Context<Self>) -> (bool, u64) {
        let child = ctx.actor_with(source()).restart(policy());
        // Spawned on a thread: the task set of this thread is blocked.
        let child = child.on_thread().spawn().unwrap();
        let bad = child.work(13).blocking();
        let good = child.work(1).blocking();
        (matches!(bad, Err(AskError::Panicked { .. })), good.unwrap())
    }
}

#[support::test]
fn a_parent_that_blocks_its_thread_may_wait_for_a_child_that_fails() {
    let system = System::new("parents");
    let parent = system.actor_with(|| Blocking).on_thread().spawn().unwrap();
    let answer = parent.one_after_the_other().blocking().unwrap();
    assert_eq!(answer, (true, 1));
}

/// Blocks its thread for a task of that thread.
#[actor]
#[derive(Default)]
struct BlocksItself {
    child: Option<ActorRef<Child>>,
    between: Option<ActorRef<Between>>,
}

#[actor]
impl BlocksItself {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        self.child = Some(ctx.actor(source()()).urn("child").spawn()?);
        self.between = Some(ctx.actor(Between).on_thread().spawn()?);
        Ok(())
    }

    #[message]
    fn block(&mut self) -> Result<u64, NoGood> {
        let child = self.child.as_ref().unwrap();
        child.work(1).blocking().map_err(no_good)
    }

    /// Asks an actor of another thread that asks the task.
    #[message]
    fn block_through(&mut self) -> Result<u64, NoGood> {
        let child = self.child.clone().unwrap();
        let between = self.between.as_ref().unwrap();
        between.pass(child).blocking().map_err(no_good)
    }

    #[message]
    async fn await_it(&mut self) -> Result<u64, NoGood> {
        let child = self.child.as_ref().unwrap();
        child.work(1).await.map_err(no_good)
    }
}

#[support::test]
fn an_actor_that_blocks_its_thread_for_a_task_of_it_is_told() {
    let system = System::new("parents");
    let parent = system.actor_with(BlocksItself::default).urn("parent");
    let parent = parent.on_thread().spawn().unwrap();
    for refused in [parent.block().blocking(), parent.block_through().blocking()] {
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains("Child(child) -> BlocksItself(parent)"),
            "{refused}"
        );
    }
    assert_eq!(parent.await_it().blocking().unwrap(), 1);
}

/// Waits in its start for the start of its child.
#[actor]
struct Starter {
    /// Place of the child.
    within: Place,
    restart: Restart,
    failures: usize,
}

#[actor]
impl Starter {
    #[on(start)]
    async fn start(&mut self, ctx: &mut Context<Self>) -> conclib::Result {
        let child = ctx.actor_with(source_that_fails(
            self.failures,
            Arc::new(Semaphore::new(99)),
        ));
        let child = child.restart(self.restart).at(self.within)?;
        child.started().await?;
        Ok(())
    }
}

async fn a_start_may_wait_for_the_start_of_a_child_that_fails_at_first(place: Place) {
    let system = System::new("parents");
    for within in PLACES {
        let start = |restart, failures| {
            let starter = move || Starter {
                within,
                restart,
                failures,
            };
            system.actor_with(starter).at(place).unwrap()
        };
        start(policy(), 2).started().await.unwrap();
        let refused = start(Restart::never(), 1).started().await.unwrap_err();
        assert!(refused.to_string().contains("not yet"), "{refused}");
        let once = policy().max(1, Duration::from_secs(3600));
        let exhausted = start(once, 9).started().await;
        assert!(exhausted.unwrap_err().to_string().contains("not yet"));
    }
}

fn no_good(error: impl std::fmt::Display) -> NoGood {
    NoGood(error.to_string())
}

/// Parent with a child hook.
#[actor]
struct Hooked {
    /// Place of the child.
    within: Place,
    child: Option<ActorRef<Child>>,
    failures: usize,
    mailbox: usize,
    starts: Arc<Semaphore>,
    log: Log,
}

impl Hooked {
    fn child(&self) -> &ActorRef<Child> {
        self.child.as_ref().unwrap()
    }
}

#[actor]
impl Hooked {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        let child = ctx.actor_with(source_that_fails(self.failures, self.starts.clone()));
        let child = child.mailbox(self.mailbox).restart(policy()).urn("child");
        self.child = Some(child.at(self.within)?);
        Ok(())
    }

    #[on(child)]
    async fn child_exit(&mut self, exit: ChildExit) -> Directive {
        if self.log.has("ask in the hook") {
            let refused = self.child().work(1).await.unwrap_err();
            self.log.add(refused.to_string());
        }
        exit.default
    }

    #[message(local)]
    async fn ask_it(&mut self) -> Result<u64, NoGood> {
        self.child().work(1).await.map_err(no_good)
    }

    #[message(local)]
    async fn tell_it(&mut self) -> Result<(), NoGood> {
        self.child().work(1).tell().await.map_err(no_good)
    }

    #[message(local)]
    async fn await_start(&mut self) -> Result<(), NoGood> {
        self.child().started().await.map_err(no_good)
    }

    /// Asks an actor that asks the child.
    #[message(local)]
    async fn through(&mut self, between: ActorRef<Between>) -> Result<u64, NoGood> {
        let child = self.child().clone();
        between.pass(child).await.map_err(no_good)
    }
}

#[actor]
struct Between;

#[actor]
impl Between {
    #[message(local)]
    async fn pass(&mut self, to: ActorRef<Child>) -> Result<u64, NoGood> {
        to.work(1).await.map_err(no_good)
    }
}

struct Family {
    system: System,
    parent: ActorRef<Hooked>,
    child: ActorRef<Child>,
    starts: Arc<Semaphore>,
    log: Log,
}

async fn hooked([place, within]: [Place; 2], failures: usize, mailbox: usize) -> Family {
    let system = System::new("parents");
    let log = Log::default();
    let starts = Arc::new(Semaphore::new(if failures > 0 { 0 } else { 99 }));
    let (own, own_starts) = (log.clone(), starts.clone());
    let parent = system.actor_with(move || Hooked {
        within,
        child: None,
        failures,
        mailbox,
        starts: own_starts.clone(),
        log: own.clone(),
    });
    let parent = parent.urn("parent").at(place).unwrap();
    parent.started().await.unwrap();
    let child = system.get("child").unwrap();
    Family {
        system,
        parent,
        child,
        starts,
        log,
    }
}

const CIRCLE: &str = "would deadlock: Hooked(parent) -> Child(child) -> Hooked(parent)";

async fn an_ask_of_a_child_that_comes_to_wait_for_the_hook_is_told(place: Place) {
    for within in PLACES {
        let family = hooked([place, within], 0, 8).await;
        let mut events = family.system.events();
        let keeper = family.fails_behind_a_gate().await;
        let told = family.child.work(7).reply().await.unwrap();
        let asked = family.parent.ask_it().reply().await.unwrap();
        until(|| family.waits("parent") && family.depth("child") == 2).await;
        keeper.open();
        let refused = asked.await.unwrap_err().to_string();
        assert!(refused.contains(CIRCLE), "{refused}");
        assert_eq!(told.await.unwrap(), 7, "others are served after it");
        assert_eq!(family.parent.ask_it().await.unwrap(), 1);
        assert_eq!(family.child.generation(), Some(2));
        let causes = [
            support::next_dead_letter(&mut events).await.cause,
            support::next_dead_letter(&mut events).await.cause,
        ];
        assert_eq!(
            causes,
            [DeadLetterCause::Panicked, DeadLetterCause::AskerLeft]
        );
    }
}

async fn an_ask_through_another_actor_is_told(place: Place) {
    for within in PLACES {
        let family = hooked([place, within], 0, 8).await;
        let between = family
            .system
            .actor(Between)
            .urn("between")
            .at(place)
            .unwrap();
        let keeper = family.fails_behind_a_gate().await;
        let asked = family.parent.through(between).reply().await.unwrap();
        until(|| family.waits("between")).await;
        keeper.open();
        let refused = asked.await.unwrap_err().to_string();
        assert!(
            refused.contains("Between(between) -> Child(child) -> Hooked(parent)"),
            "{refused}"
        );
        assert_eq!(family.child.work(1).await.unwrap(), 1);
    }
}

async fn a_tell_that_waits_for_a_place_is_told(place: Place) {
    for within in PLACES {
        let family = hooked([place, within], 0, 1).await;
        let keeper = family.fails_behind_a_gate().await;
        let queued = family.child.work(7).reply().await.unwrap();
        let told = family.parent.tell_it().reply().await.unwrap();
        until(|| family.waits("parent")).await;
        keeper.open();
        let refused = told.await.unwrap_err().to_string();
        assert!(refused.contains(CIRCLE), "{refused}");
        assert_eq!(queued.await.unwrap(), 7);
        family.parent.tell_it().await.unwrap();
    }
}

async fn a_wait_for_the_start_of_a_child_is_told(place: Place) {
    for within in PLACES {
        let family = hooked([place, within], 1, 8).await;
        let waits = family.parent.await_start().reply().await.unwrap();
        until(|| family.waits("parent")).await;
        family.starts.add_permits(2);
        let refused = waits.await.unwrap_err().to_string();
        assert!(refused.contains(CIRCLE), "{refused}");
        family.child.started().await.unwrap();
        family.parent.await_start().await.unwrap();
    }
}

async fn an_ask_by_the_hook_itself_is_told(place: Place) {
    for within in PLACES {
        let family = hooked([place, within], 0, 8).await;
        family.log.add("ask in the hook");
        family.child.work(13).await.unwrap_err();
        assert_eq!(family.child.work(1).await.unwrap(), 1);
        let refused = family.log.lines().pop().unwrap();
        assert!(refused.starts_with(CIRCLE), "{refused}");
    }
}

impl Family {
    fn depth(&self, urn: &str) -> usize {
        let actors = self.system.snapshot().actors;
        let found = actors.iter().find(|it| it.urn.as_str() == urn);
        found.unwrap().depth
    }

    fn waits(&self, urn: &str) -> bool {
        let actors = self.system.snapshot().actors;
        let mut found = actors.iter().filter(|it| it.urn.as_str() == urn);
        found.any(|it| !it.waiting_for.is_empty())
    }

    async fn fails_behind_a_gate(&self) -> Keeper {
        let (gate, mut keeper) = gate();
        self.child.fail_behind(gate).tell().await.unwrap();
        keeper.entered().await;
        keeper
    }
}

/// Parent of two children that are restarted together.
#[actor(strategy = OneForAll)]
struct Together(Place);

#[actor]
impl Together {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        for name in ["a", "b", "c"] {
            ctx.actor_with(move || Sibling { name })
                .urn(name)
                .restart(policy())
                .at(self.0)?;
        }
        Ok(())
    }
}

/// Same as `Together`, with a hook.
#[actor(strategy = OneForAll)]
struct TogetherHooked(Place);

#[actor]
impl TogetherHooked {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        for name in ["a", "b", "c"] {
            ctx.actor_with(move || Sibling { name })
                .urn(name)
                .restart(policy())
                .at(self.0)?;
        }
        Ok(())
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        exit.default
    }
}

#[actor]
struct Sibling {
    name: &'static str,
}

#[actor]
impl Sibling {
    #[message(local)]
    async fn fail_behind(&mut self, gate: Gate) {
        gate.pass().await;
        panic!("{} fails", self.name);
    }

    #[message(local)]
    async fn ask_it(&mut self, other: ActorRef<Sibling>) -> Result<&'static str, NoGood> {
        other.name().await.map_err(no_good)
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message(local)]
    fn name(&mut self) -> &'static str {
        self.name
    }
}

async fn siblings(system: &System, place: Place, is_hooked: bool) -> [ActorRef<Sibling>; 3] {
    if is_hooked {
        let parent = system.actor(TogetherHooked(place)).urn("parent");
        let parent = parent.at(place).unwrap();
        parent.started().await.unwrap();
    } else {
        let parent = system.actor(Together(place)).urn("parent");
        let parent = parent.at(place).unwrap();
        parent.started().await.unwrap();
    }
    ["a", "b", "c"].map(|name| system.get(name).unwrap())
}

/// Runs for both targets: the child that failed, and one that was brought down
/// with it.
#[support::test(start_paused = true)]
async fn a_sibling_that_waits_for_one_that_is_down_holds_the_group_up_for_no_time() {
    for (is_hooked, asked) in [(false, 0), (false, 2), (true, 0), (true, 2)] {
        let system = System::new("siblings");
        let siblings = siblings(&system, Place::Task, is_hooked).await;
        let [a, b, c] = &siblings;
        let (gate, mut keeper) = gate();
        a.fail_behind(gate).tell().await.unwrap();
        keeper.entered().await;
        // The request of `b` to `c` is queued behind a turn, so it waits in the
        // mailbox.
        let (held, mut other_keeper) = support::gate();
        c.hold(held).tell().await.unwrap();
        other_keeper.entered().await;
        let asks = b.ask_it(siblings[asked].clone()).reply().await.unwrap();
        until(|| {
            let actors = system.snapshot().actors;
            actors.iter().any(|it| !it.waiting_for.is_empty())
        })
        .await;
        let begun = Instant::now();
        keeper.open();
        until(|| a.state() == Some(State::Restarting)).await;
        other_keeper.open();
        let refused = asks.await.unwrap_err().to_string();
        assert!(
            refused.contains("would deadlock: Sibling(b) -> "),
            "{refused}"
        );
        assert_eq!(c.name().await.unwrap(), "c");
        assert_eq!(
            begun.elapsed(),
            BACKOFF,
            "asked: {asked}, hook: {is_hooked}"
        );
        let generations = siblings.each_ref().map(ActorRef::generation);
        assert_eq!(generations, [Some(2); 3]);
    }
}

/// The asked child has failed before, and pauses when its group goes down.
#[support::test(start_paused = true)]
async fn a_sibling_that_pauses_holds_the_group_up_for_no_time() {
    let system = System::new("siblings");
    let parent = system
        .actor(Together(Place::Task))
        .strategy(Strategy::RestForOne);
    parent
        .urn("parent")
        .spawn()
        .unwrap()
        .started()
        .await
        .unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| system.get::<Sibling>(name).unwrap());
    // Of the two asked siblings one is younger than the asking one.
    for (asks, asked) in [(&b, &c), (&c, &b)] {
        let (fails, failing) = gate();
        asked.fail_behind(fails).tell().await.unwrap();
        let (held, mut keeper) = gate();
        asks.hold(held).tell().await.unwrap();
        let turn = asks.ask_it(asked.clone()).reply().await.unwrap();
        keeper.entered().await;
        let (fails, failing_too) = gate();
        a.fail_behind(fails).tell().await.unwrap();
        failing.open();
        until(|| asked.state() == Some(State::Restarting)).await;
        keeper.open();
        let begun = Instant::now();
        failing_too.open();
        // The ask fails, or is answered if the child was restarted before its
        // turn.
        drop(turn.await);
        for sibling in [&a, &b, &c] {
            sibling.name().await.unwrap();
        }
        assert!(begun.elapsed() <= 4 * BACKOFF, "{:?}", begun.elapsed());
        tokio::time::sleep(100 * BACKOFF).await;
    }
}

/// The child that leads the restart of its group ends during it: the others are
/// restarted all the same.
async fn a_group_comes_up_without_the_one_that_failed(place: Place) {
    for is_hooked in [false, true] {
        for is_killed in [false, true] {
            let system = System::new("siblings");
            let [a, b, c] = siblings(&system, place, is_hooked).await;
            let (gate, mut keeper) = gate();
            b.hold(gate).tell().await.unwrap();
            keeper.entered().await;
            let (fails, failing) = support::gate();
            a.fail_behind(fails).tell().await.unwrap();
            failing.open();
            // The newest is down, and the group waits for the turn of `b`.
            until(|| c.state() == Some(State::Restarting)).await;
            match is_killed {
                true => a.kill().await,
                false => a.stop().await,
            };
            assert_eq!(c.name().await.unwrap(), "c");
            assert_eq!(c.generation(), Some(2));
            keeper.open();
            assert_eq!(b.name().await.unwrap(), "b");
        }
    }
}

/// Parent that is asked by its child.
#[actor]
struct Asked;

#[actor]
impl Asked {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        let me = ctx.me().downgrade();
        ctx.actor(Asking(me)).urn("asking").spawn()?;
        Ok(())
    }

    #[message(local)]
    async fn fail_behind(&mut self, gate: Gate) {
        gate.pass().await;
        panic!("it fails");
    }

    #[message]
    fn answer(&mut self) {}
}

#[actor]
struct Asking(WeakRef<Asked>);

#[actor]
impl Asking {
    #[message(local)]
    async fn ask_it(&mut self) -> Result<(), NoGood> {
        let parent = self.0.upgrade().unwrap();
        parent.answer().await.map_err(no_good)
    }
}

#[support::test(start_paused = true)]
async fn a_child_that_waits_for_its_parent_holds_its_end_up_for_no_time() {
    for is_stopped in [false, true] {
        let system = System::new("parents");
        let parent = system.actor_with(|| Asked).urn("parent").restart(policy());
        let parent = parent.spawn().unwrap();
        parent.started().await.unwrap();
        let child: ActorRef<Asking> = system.get("asking").unwrap();
        let (gate, mut keeper) = gate();
        parent.fail_behind(gate).tell().await.unwrap();
        keeper.entered().await;
        let asks = child.ask_it().reply().await.unwrap();
        until(|| {
            let actors = system.snapshot().actors;
            actors.iter().any(|it| !it.waiting_for.is_empty())
        })
        .await;
        let begun = Instant::now();
        if is_stopped {
            drop(parent.stop_now());
        }
        keeper.open();
        let refused = asks.await.unwrap_err().to_string();
        assert!(refused.contains("would deadlock"), "{refused}");
        child.stopped().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
