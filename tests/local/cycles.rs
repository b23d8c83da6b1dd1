//! Cycles of actors that wait for each other fail at once.

use std::future::IntoFuture;
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, gate, poll_once};

support::on_every_place! {
    an_actor_that_asks_itself_is_told,
    a_circle_names_everybody_and_nothing_stays_entered,
    two_that_ask_each_other_at_the_same_moment_are_told,
    one_of_several_that_are_waited_for_at_once_is_enough,
    of_two_asks_the_other_waits_when_one_is_answered_later,
    a_turn_that_waits_for_a_place_waits_for_that_actor,
    a_turn_whose_ask_waits_for_a_place_waits_for_that_actor,
    a_turn_that_forwards_to_a_full_mailbox_waits_for_that_actor,
    a_tell_that_would_wait_for_whoever_waits_for_it_is_told,
    what_is_picked_up_in_a_later_turn_waits_for_nobody_before,
    what_was_looked_at_in_one_turn_is_waited_for_anew_in_another,
    concurrent_handlers_and_answers_that_come_later_wait_for_nobody,
    the_error_has_the_path_as_data,
    an_ask_that_is_given_up_leaves_nothing_behind;
    multi_thread:
    also_on_several_threads,
}

type Next = Option<WeakRef<Node>>;

/// Asks the next node, which asks the next one …
#[actor]
#[derive(Default)]
struct Node {
    next: Next,
    other: Next,
    later: Option<Reply<String, support::NoGood>>,
}

fn told(error: &AskError<support::NoGood>) -> String {
    match error {
        AskError::Handler(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

impl Node {
    fn next(&self) -> ActorRef<Self> {
        self.next.as_ref().unwrap().upgrade().unwrap()
    }
}

#[actor]
impl Node {
    #[message(local)]
    fn link(&mut self, next: WeakRef<Node>, other: Option<WeakRef<Node>>) {
        self.next = Some(next);
        self.other = other;
    }

    /// Asks on through `left` more nodes.
    #[message]
    async fn pass(&mut self, left: u32) -> Result<String, support::NoGood> {
        if left == 0 {
            return Ok("end".to_owned());
        }
        let next = self.next();
        next.pass(left - 1)
            .await
            .map_err(|error| support::NoGood(told(&error)))
    }

    #[message]
    fn block(&mut self, left: u32) -> Result<String, support::NoGood> {
        if left == 0 {
            return Ok("end".to_owned());
        }
        let next = self.next();
        next.block(left - 1)
            .blocking()
            .map_err(|error| support::NoGood(told(&error)))
    }

    /// Asks once the gate is open.
    #[message(local)]
    async fn hold_and_pass(&mut self, gate: support::Gate) -> Result<String, support::NoGood> {
        gate.pass().await;
        self.pass(1).await
    }

    #[message]
    async fn both(&mut self) -> Result<String, support::NoGood> {
        let other = self.other.as_ref().unwrap().upgrade().unwrap();
        let next = self.next();
        let (a, b) = tokio::join!(next.pass(0), other.pass(1));
        let b = b.map_err(|error| support::NoGood(told(&error)))?;
        Ok(a.unwrap() + &b)
    }

    /// Picks the answer up in another turn, so that no turn waits for it.
    #[message]
    async fn ask_for_later(&mut self) {
        self.later = Some(self.next().pass(1).reply().await.unwrap());
    }

    /// Polls the reply once, while it waits for the gate.
    #[message(local)]
    async fn look_for_later(&mut self, gate: support::Gate) {
        let later = self.next().hold_and_pass(gate).reply().await;
        let mut later = later.unwrap();
        assert!(poll_once(&mut later).is_pending());
        self.later = Some(later);
    }

    #[message]
    async fn pick_up(&mut self) -> Result<String, support::NoGood> {
        let later = self.later.take().unwrap();
        later.await.map_err(|error| support::NoGood(told(&error)))
    }

    /// Waits in its own turn for an answer that was asked of itself.
    #[message]
    async fn reply_of_itself(
        &mut self,
        ctx: &mut Context<Self>,
    ) -> Result<String, support::NoGood> {
        let reply = ctx.me().pass(0).reply().await.unwrap();
        reply.await.map_err(|error| support::NoGood(told(&error)))
    }

    /// Runs beside the turns, so it may ask an actor that waits for this one.
    #[message(concurrent)]
    fn beside(&self) -> impl Future<Output = String> {
        let next = self.next();
        async move { next.pass(0).await.unwrap() }
    }

    #[message]
    async fn ask_beside(&mut self) -> String {
        let beside = self.next().beside().reply().await.unwrap();
        drop(beside);
        // The turn of the other ends when it gets this answer.
        self.next().pass(0).await.unwrap()
    }

    /// Answers later, and asks in the meantime.
    #[message]
    fn later(&mut self, ctx: &mut Context<Self>) -> Deferred<String> {
        let (reply, deferred) = ctx.defer();
        let next = self.next();
        ctx.pipe(async {}, move |()| NodeFinish { reply, next });
        deferred
    }

    #[message(local)]
    async fn finish(&mut self, reply: ReplyTo<String>, next: ActorRef<Node>) {
        // A tell waits for no answer, so the asker may be told.
        next.pass(0).tell().await.unwrap();
        reply.send("later".to_owned());
    }

    #[message]
    fn answered_elsewhere(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let (reply, deferred) = ctx.defer();
        tokio::spawn(async move { reply.send(()) });
        deferred
    }

    /// Asks the next node twice; the second ask is still under way when the
    /// first is answered.
    #[message(local)]
    async fn twice(
        &mut self,
        gate: support::Gate,
        keeper: support::Keeper,
    ) -> Result<String, support::NoGood> {
        let next = self.next();
        let first = async {
            next.answered_elsewhere().await.unwrap();
            keeper.open();
        };
        let ((), held) = tokio::join!(first, next.hold_and_pass(gate));
        held.map_err(|error| support::NoGood(told(&error)))
    }

    #[message]
    async fn ask_later(&mut self) -> String {
        self.next().later().await.unwrap()
    }
}

/// Actor whose mailbox has room for one message.
#[actor(mailbox = 1)]
#[derive(Default)]
struct Narrow {
    other: Option<WeakRef<Narrow>>,
    got: u32,
}

impl Narrow {
    fn other(&self) -> ActorRef<Self> {
        self.other.as_ref().unwrap().upgrade().unwrap()
    }
}

#[actor]
impl Narrow {
    #[message(local)]
    fn link(&mut self, other: WeakRef<Narrow>) {
        self.other = Some(other);
    }

    #[message]
    fn take(&mut self) -> u32 {
        self.got += 1;
        self.got
    }

    #[message]
    async fn pass_on(&mut self, ctx: &mut Context<Self>) -> Deferred<u32> {
        ctx.forward(&self.other(), NarrowTake {}).await
    }

    /// Asks the other once the gate is open.
    #[message(local)]
    async fn hold_and_ask(&mut self, gate: support::Gate) -> Result<u32, support::NoGood> {
        gate.pass().await;
        let asked = self.other().take().await;
        asked.map_err(|error| support::NoGood(error.to_string()))
    }

    /// Tells the other actor so many messages once the gate is open.
    #[message(local)]
    async fn hold_and_tell(
        &mut self,
        gate: support::Gate,
        times: u32,
    ) -> Result<(), support::NoGood> {
        gate.pass().await;
        for _ in 0..times {
            let told = self.other().take().tell().await;
            told.map_err(|error| support::NoGood(error.to_string()))?;
        }
        Ok(())
    }
}

/// Two linked actors, each in a turn that a keeper holds: the first is to tell
/// the second three messages, and the second is to ask the first.
struct Held {
    tells: Reply<(), support::NoGood>,
    may_tell: support::Keeper,
    asks: Reply<u32, support::NoGood>,
    may_ask: support::Keeper,
    system: System,
}

impl Held {
    async fn new(place: Place) -> Self {
        let system = System::new("test");
        let [a, b] = linked(&system, place).await;
        let (gate, mut may_tell) = gate();
        let tells = a.hold_and_tell(gate, 3).reply().await.unwrap();
        may_tell.entered().await;
        let (gate, mut may_ask) = support::gate();
        let asks = b.hold_and_ask(gate).reply().await.unwrap();
        may_ask.entered().await;
        Self {
            tells,
            may_tell,
            asks,
            may_ask,
            system,
        }
    }
}

async fn linked(system: &System, place: Place) -> [ActorRef<Narrow>; 2] {
    let [a, b] = ["a", "b"].map(|name| {
        let narrow = system.actor(Narrow::default()).urn(name);
        narrow.at(place).unwrap()
    });
    a.link(b.downgrade()).await.unwrap();
    b.link(a.downgrade()).await.unwrap();
    [a, b]
}

/// Waits until so many actors wait for another.
async fn waiting(system: &System, count: usize) {
    let is_waiting = |actor: &&conclib::system::ActorSnapshot| !actor.waiting_for.is_empty();
    while system.snapshot().actors.iter().filter(is_waiting).count() != count {
        tokio::task::yield_now().await;
    }
}

/// Spawns a ring of nodes with these names.
async fn ring(system: &System, place: Place, names: &[&str]) -> Vec<ActorRef<Node>> {
    let spawn = |name| {
        let node = system.actor(Node::default()).urn(name);
        node.at(place).unwrap()
    };
    let nodes: Vec<_> = names.iter().map(spawn).collect();
    for (at, node) in nodes.iter().enumerate() {
        let next = nodes[(at + 1) % nodes.len()].downgrade();
        let other = Some(nodes[(at + 2) % nodes.len()].downgrade());
        node.link(next, other).await.unwrap();
    }
    nodes
}

const DEADLOCK: &str = "would deadlock: ";

async fn an_actor_that_asks_itself_is_told(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a"]).await;
    let error = nodes[0].pass(1).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{DEADLOCK}Node(a) -> Node(a);")),
        "{error}"
    );
    let error = nodes[0].reply_of_itself().await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{DEADLOCK}Node(a) -> Node(a);")),
        "{error}"
    );
    // The node still works.
    assert_eq!(nodes[0].pass(0).await.unwrap(), "end");
}

async fn a_circle_names_everybody_and_nothing_stays_entered(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b", "c"]).await;
    for _ in 0..3 {
        let error = nodes[0].pass(3).await.unwrap_err().to_string();
        let path = "Node(c) -> Node(a) -> Node(b) -> Node(c)";
        assert!(
            error.contains(&format!("{DEADLOCK}{path}; its handler has not run")),
            "{error}"
        );
        assert_eq!(nodes[0].pass(2).await.unwrap(), "end");
        assert_eq!(nodes[2].pass(2).await.unwrap(), "end");
    }
}

async fn two_that_ask_each_other_at_the_same_moment_are_told(place: Place) {
    let system = System::new("test");
    for _ in 0..50 {
        let nodes = ring(&system, place, &["a", "b"]).await;
        let (gate_a, mut keeper_a) = gate();
        let (gate_b, mut keeper_b) = gate();
        let a = nodes[0].hold_and_pass(gate_a).reply().await.unwrap();
        let b = nodes[1].hold_and_pass(gate_b).reply().await.unwrap();
        keeper_a.entered().await;
        keeper_b.entered().await;
        keeper_a.open();
        keeper_b.open();
        let (a, b) = tokio::join!(a, b);
        // One of them fails, so the other gets its answer.
        assert_eq!(
            u8::from(a.is_err()) + u8::from(b.is_err()),
            1,
            "{a:?} {b:?}"
        );
        for node in nodes {
            node.stop().await;
        }
    }
}

async fn also_on_several_threads(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    for _ in 0..500 {
        let (a, b) = tokio::join!(nodes[0].pass(1), nodes[1].pass(1));
        for answer in [a, b] {
            if let Err(error) = answer {
                assert!(error.to_string().contains(DEADLOCK), "{error}");
            }
        }
        assert_eq!(nodes[0].pass(1).await.unwrap(), "end");
    }
}

async fn one_of_several_that_are_waited_for_at_once_is_enough(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b", "c"]).await;
    // `a` waits for `b` and `c` together, and `c` asks `a`.
    let error = nodes[0].both().await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{DEADLOCK}Node(c) -> Node(a) -> Node(c)")),
        "{error}"
    );
}

async fn of_two_asks_the_other_waits_when_one_is_answered_later(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    let (gate, keeper) = gate();
    let error = nodes[0].twice(gate, keeper).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{DEADLOCK}Node(b) -> Node(a) -> Node(b)")),
        "{error}"
    );
}

async fn a_turn_that_waits_for_a_place_waits_for_that_actor(place: Place) {
    let held = Held::new(place).await;
    held.may_tell.open();
    waiting(&held.system, 1).await;
    held.may_ask.open();
    let error = held.asks.await.unwrap_err().to_string();
    let path = "Narrow(b) -> Narrow(a) -> Narrow(b)";
    assert!(error.contains(&format!("{DEADLOCK}{path}")), "{error}");
    held.tells.await.unwrap();
    waiting(&held.system, 0).await;
}

async fn a_turn_whose_ask_waits_for_a_place_waits_for_that_actor(place: Place) {
    let system = System::new("test");
    let [a, b] = linked(&system, place).await;
    let (at_a, mut first) = gate();
    let from_a = a.hold_and_ask(at_a).reply().await.unwrap();
    first.entered().await;
    let (at_b, mut second) = gate();
    let from_b = b.hold_and_ask(at_b).reply().await.unwrap();
    second.entered().await;
    b.take().tell().await.unwrap();
    first.open();
    waiting(&system, 1).await;
    second.open();
    let answers =
        [from_a.await, from_b.await].map(|answer| answer.map_err(|error| error.to_string()));
    // The first of the two that is looked at fails, and the other is answered.
    let (told, failed): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((told.len(), failed.len()), (1, 1), "{told:?}, {failed:?}");
    let error = failed[0].as_ref().unwrap_err();
    assert!(error.contains(DEADLOCK), "{error}");
    waiting(&system, 0).await;
}

async fn a_turn_that_forwards_to_a_full_mailbox_waits_for_that_actor(place: Place) {
    let system = System::new("test");
    let [a, b] = linked(&system, place).await;
    let (gate, mut may_ask) = gate();
    let asks = b.hold_and_ask(gate).reply().await.unwrap();
    may_ask.entered().await;
    b.take().tell().await.unwrap();
    let passed = a.pass_on().reply().await.unwrap();
    waiting(&system, 1).await;
    may_ask.open();
    let error = asks.await.unwrap_err().to_string();
    let path = "Narrow(b) -> Narrow(a) -> Narrow(b)";
    assert!(error.contains(&format!("{DEADLOCK}{path}")), "{error}");
    assert_eq!(passed.await.unwrap(), 2);
    waiting(&system, 0).await;
}

async fn a_tell_that_would_wait_for_whoever_waits_for_it_is_told(place: Place) {
    let held = Held::new(place).await;
    held.may_ask.open();
    waiting(&held.system, 1).await;
    held.may_tell.open();
    let error = held.tells.await.unwrap_err().to_string();
    let path = "Narrow(a) -> Narrow(b) -> Narrow(a)";
    assert!(error.contains(&format!("{DEADLOCK}{path}")), "{error}");
    assert_eq!(held.asks.await.unwrap(), 1);
    waiting(&held.system, 0).await;
}

async fn what_is_picked_up_in_a_later_turn_waits_for_nobody_before(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    nodes[0].ask_for_later().await.unwrap();
    // The turn of `b` is over, so `a` has served its ask before the next turn.
    assert_eq!(nodes[1].pass(0).await.unwrap(), "end");
    assert_eq!(nodes[0].pick_up().await.unwrap(), "end");
}

async fn what_was_looked_at_in_one_turn_is_waited_for_anew_in_another(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    let (gate, keeper) = gate();
    nodes[0].look_for_later(gate).await.unwrap();
    let mut picked_up = nodes[0].pick_up().into_future();
    assert!(poll_once(&mut picked_up).is_pending());
    keeper.open();
    let error = picked_up.await.unwrap_err().to_string();
    assert!(error.contains(DEADLOCK), "{error}");
}

async fn concurrent_handlers_and_answers_that_come_later_wait_for_nobody(place: Place) {
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    assert_eq!(nodes[0].ask_beside().await.unwrap(), "end");
    assert_eq!(nodes[0].ask_later().await.unwrap(), "later");
    assert_eq!(nodes[0].beside().await.unwrap(), "end");
}

#[support::test]
fn blocking_asks_of_actors_with_threads_too() {
    let system = System::new("test");
    let spawn = |name| {
        system
            .actor(Node::default())
            .urn(name)
            .on_thread()
            .spawn()
            .unwrap()
    };
    let nodes = [spawn("a"), spawn("b")];
    nodes[0]
        .link(nodes[1].downgrade(), None)
        .blocking()
        .unwrap();
    nodes[1]
        .link(nodes[0].downgrade(), None)
        .blocking()
        .unwrap();
    assert_eq!(nodes[0].block(1).blocking().unwrap(), "end");
    let error = nodes[0].block(2).blocking().unwrap_err().to_string();
    assert!(
        error.contains(&format!("{DEADLOCK}Node(b) -> Node(a) -> Node(b)")),
        "{error}"
    );
}

async fn the_error_has_the_path_as_data(place: Place) {
    #[actor(urn = "me")]
    struct Me;
    #[actor]
    impl Me {
        #[message]
        async fn ask_me(&mut self, ctx: &mut Context<Self>) -> Vec<String> {
            match ctx.me().nothing().await {
                Err(AskError::Cycle { path, delivery, .. }) => {
                    assert_eq!(delivery, Delivery::NotDelivered);
                    path.iter().map(|step| step.urn.to_string()).collect()
                }
                other => panic!("{other:?}"),
            }
        }
        #[message]
        fn nothing(&mut self) {
            panic!("it is never delivered");
        }
    }
    let system = System::new("test");
    let me = system.actor(Me).at(place).unwrap();
    assert_eq!(me.ask_me().await.unwrap(), ["me", "me"]);
    assert_eq!(me.stop().await, StopReason::Stopped);
}

async fn an_ask_that_is_given_up_leaves_nothing_behind(place: Place) {
    #[actor]
    struct Impatient(Option<ActorRef<Node>>);
    #[actor]
    impl Impatient {
        #[message(local)]
        async fn give_up(&mut self, gate: support::Gate) {
            let node = self.0.clone().unwrap();
            tokio::select! {
                biased;
                () = gate.pass() => {}
                _ = node.pass(0) => {}
            }
            tokio::select! {
                biased;
                _ = node.pass(0) => panic!("it is held"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    let system = System::new("test");
    let nodes = ring(&system, place, &["a", "b"]).await;
    let (hold, mut held) = gate();
    let waits = nodes[0].hold_and_pass(hold).reply().await.unwrap();
    held.entered().await;
    let impatient = system
        .actor(Impatient(Some(nodes[0].clone())))
        .at(place)
        .unwrap();
    let (open, keeper) = gate();
    keeper.open();
    impatient.give_up(open).await.unwrap();
    held.open();
    assert_eq!(waits.await.unwrap(), "end");
    tokio::time::timeout(Duration::from_secs(20), nodes[0].stop())
        .await
        .unwrap();
}
