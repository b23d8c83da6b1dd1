//! Support for tests of remote cycles: actors that ask the next one, in any
//! system.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use conclib::prelude::*;
use tokio::sync::mpsc;

use crate::outside::{Place, Road};
use crate::{Keeper, NoGood, gate};

/// Actor whose messages all travel.
#[actor]
pub struct Node {
    next: Arc<OnceLock<ActorRef<Node>>>,
    turns: mpsc::UnboundedSender<Keeper>,
    kept: Kept,
}

type Kept = Arc<Mutex<Option<ReplyTo<String>>>>;

/// Handle of a test for a node.
pub struct Watch {
    next: Arc<OnceLock<ActorRef<Node>>>,
    kept: Kept,
    turns: mpsc::UnboundedReceiver<Keeper>,
}

impl Watch {
    /// Resolves once a turn is held.
    pub async fn turn(&mut self) -> Keeper {
        let mut keeper = self.turns.recv().await.expect("the node is gone");
        keeper.entered().await;
        keeper
    }

    /// Takes a deferred reply of the node, to answer in its place.
    pub fn take_kept(&self) -> ReplyTo<String> {
        self.kept
            .lock()
            .expect("nobody panics")
            .take()
            .expect("nobody asked")
    }

    /// Sets the actor that the node asks.
    pub fn leads_to(&self, next: ActorRef<Node>) {
        assert!(self.next.set(next).is_ok(), "it leads somewhere already");
    }
}

pub fn node() -> (Node, Watch) {
    let (turns, held) = mpsc::unbounded_channel();
    let next = Arc::<OnceLock<_>>::default();
    let kept = Kept::default();
    let node = Node {
        next: next.clone(),
        turns,
        kept: kept.clone(),
    };
    let turns = held;
    (node, Watch { next, kept, turns })
}

pub fn told(error: &AskError<NoGood>) -> NoGood {
    NoGood(match error {
        AskError::Handler(inner) => inner.0.clone(),
        other => other.to_string(),
    })
}

impl Node {
    fn next(&self) -> ActorRef<Self> {
        self.next.get().expect("it leads nowhere").clone()
    }

    async fn held(&self) {
        let (gate, keeper) = gate();
        // The error is ignored: without a test handle no turn is held.
        let _ = self.turns.send(keeper);
        gate.pass().await;
    }
}

#[actor]
impl Node {
    /// Asks on through `left` more nodes.
    #[message]
    pub async fn pass(&mut self, left: u32) -> Result<String, NoGood> {
        if left == 0 {
            return Ok("end".to_owned());
        }
        let passed = self.next().pass(left - 1).await;
        passed.map_err(|error| told(&error))
    }

    /// Forwards a request to the next node, which answers in its place.
    #[message]
    pub async fn pass_on(
        &mut self,
        left: u32,
        ctx: &mut Context<Self>,
    ) -> Deferred<String, NoGood> {
        ctx.forward(&self.next(), NodePass { left }).await
    }

    /// Does the same as `pass`, but the next node forwards it.
    #[message]
    pub async fn have_passed_on(&mut self, left: u32) -> Result<String, NoGood> {
        let passed = self.next().pass_on(left - 1).await;
        passed.map_err(|error| told(&error))
    }

    /// Does the same as `pass`, once the test lets it continue.
    #[message]
    pub async fn hold_and_pass(&mut self, left: u32) -> Result<String, NoGood> {
        self.held().await;
        self.pass(left).await
    }

    /// Takes a `Reply`, and awaits it in a second step.
    #[message]
    pub async fn reply_and_pass(&mut self, left: u32) -> Result<String, NoGood> {
        let reply = self.next().hold_and_pass(left - 1).reply().await;
        let reply = reply.map_err(|error| NoGood(error.to_string()))?;
        self.held().await;
        reply.await.map_err(|error| told(&error))
    }

    /// Asks, and drops the reply before the answer comes.
    #[message]
    pub async fn give_up(&mut self) -> String {
        let next = self.next();
        tokio::select! {
            biased;
            held = next.hold_and_pass(0) => format!("{held:?}"),
            () = self.held() => "gave up".to_owned(),
        }
    }

    /// Asks the next node, which the test holds.
    #[message]
    pub async fn ask_held(&mut self) -> Result<String, NoGood> {
        let held = self.next().hold_and_pass(0).await;
        held.map_err(|error| told(&error))
    }

    #[message]
    pub async fn wait_for(&mut self, millis: u64) -> String {
        let next = self.next();
        let asked = next.hold_and_pass(0);
        let waited = asked.timeout(Duration::from_millis(millis)).await;
        format!("{:?}", waited.map_err(|error| told(&error)))
    }

    #[message]
    pub async fn explode(&mut self) -> String {
        self.held().await;
        panic!("it explodes");
    }

    #[message]
    pub async fn ask_to_explode(&mut self) -> Result<String, NoGood> {
        let asked = self.next().explode().await;
        asked.map_err(|error| NoGood(error.to_string()))
    }

    /// Answered later by `answer`.
    #[message]
    pub fn later(&mut self, ctx: &mut Context<Self>) -> Deferred<String> {
        let (reply, deferred) = ctx.defer();
        *self.kept.lock().expect("nobody panics") = Some(reply);
        deferred
    }

    #[message]
    pub fn has_kept(&mut self) -> bool {
        self.kept.lock().expect("nobody panics").is_some()
    }

    /// Asks the next node, answers the request of `later`, and only then awaits
    /// the reply.
    #[message]
    pub async fn answer(&mut self) -> Result<String, NoGood> {
        let reply = self.next().pass(0).reply().await;
        let reply = reply.map_err(|error| NoGood(error.to_string()))?;
        let kept = self
            .kept
            .lock()
            .expect("nobody panics")
            .take()
            .expect("nobody asked");
        // The ask waits in the other system, behind the turn that waits for
        // this answer.
        kept.send("later".to_owned());
        reply.await.map_err(|error| told(&error))
    }

    #[message]
    pub async fn ask_for_later(&mut self) -> String {
        self.next().later().await.expect("it is answered")
    }

    /// Runs beside the turns, so it may ask an actor that waits for this one.
    #[message(concurrent)]
    pub fn beside(&self) -> impl Future<Output = Result<String, NoGood>> {
        let next = self.next();
        async move { next.pass(0).await.map_err(|error| told(&error)) }
    }

    #[message]
    pub async fn ask_beside(&mut self) -> Result<String, NoGood> {
        let beside = self.next().beside().reply().await;
        let beside = beside.map_err(|error| NoGood(error.to_string()))?;
        // The turn of the other node ends with this answer, and it asks this
        // one.
        let passed = self.next().pass(0).await;
        drop(beside);
        passed.map_err(|error| told(&error))
    }
}

/// System with a proxy.
pub struct Home {
    pub system: System,
    pub place: Place,
    pub proxy: Proxy,
}

impl Home {
    pub async fn open(road: Road) -> conclib::Result<Self> {
        let system = System::new("home");
        let mut place = Place::new(road)?;
        let proxy = place.serve(&system).await?;
        Ok(Self {
            system,
            place,
            proxy,
        })
    }

    pub fn node(&self, urn: &str) -> conclib::Result<(ActorRef<Node>, Watch)> {
        let (actor, watch) = node();
        Ok((self.system.actor(actor).urn(urn).spawn()?, watch))
    }

    /// Remote reference to a node of this system.
    pub async fn far(&self, urn: &str) -> conclib::Result<ActorRef<Node>> {
        Ok(self.place.client().await?.actor(urn)?)
    }
}

/// Two nodes in two systems that ask each other.
pub struct Pair {
    pub homes: [Home; 2],
    pub nodes: [ActorRef<Node>; 2],
    pub watches: [Watch; 2],
}

impl Pair {
    pub async fn open(road: Road) -> conclib::Result<Self> {
        let homes = [Home::open(road).await?, Home::open(road).await?];
        let (a, watch_a) = homes[0].node("a")?;
        let (b, watch_b) = homes[1].node("b")?;
        watch_a.leads_to(homes[1].far("b").await?);
        watch_b.leads_to(homes[0].far("a").await?);
        Ok(Self {
            homes,
            nodes: [a, b],
            watches: [watch_a, watch_b],
        })
    }
}
