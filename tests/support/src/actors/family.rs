//! Supervisor and children that note their starts and ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::event::Events;
use conclib::prelude::*;
use conclib::{AnyRef, Place};

use crate::{At, Gate, Log, NoGood, work};

pub const MS: Duration = Duration::from_millis(1);

/// Pause of a child before its first restart.
pub const BACKOFF: Duration = Duration::from_millis(100);

/// Policy with five restarts in ten seconds, after 100, 200, … milliseconds.
pub fn policy() -> Restart {
    let backoff = Backoff::from(BACKOFF).jitter(0.0);
    Restart::on_failure()
        .max(5, Duration::from_secs(10))
        .backoff(backoff)
}

/// Notices to a boss about its children, in order. Clones share them.
#[derive(Clone, Default)]
pub struct Exits(Arc<Mutex<Vec<ChildExit>>>);

impl Exits {
    pub fn all(&self) -> Vec<ChildExit> {
        self.0.lock().unwrap().clone()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Supervisor that returns the given directive about its children.
#[actor(strategy = OneForAll)]
#[derive(Default)]
pub struct Boss {
    pub said: Option<Directive>,
    pub panics: bool,
    pub exits: Exits,
}

#[actor]
impl Boss {
    #[message]
    pub fn children(&mut self, ctx: &mut Context<Self>) -> Vec<Urn> {
        ctx.children().iter().map(AnyRef::urn).collect()
    }

    #[message(local)]
    pub async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    pub fn served(&mut self) {}

    /// Sets the directive for its children.
    #[message(local)]
    pub fn say(&mut self, said: Directive) {
        self.said = Some(said);
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        assert!(!self.panics, "the boss panics");
        let said = self.said.unwrap_or(exit.default);
        self.exits.0.lock().unwrap().push(exit);
        said
    }
}

/// Child that logs `+a?` when a start begins, `+a` when it is done, and `-a` at
/// an end.
#[actor]
pub struct Part {
    name: &'static str,
    log: Log,
    /// Number of messages handled by this incarnation.
    served: usize,
    /// Number of following starts that fail.
    broken: Arc<AtomicUsize>,
    said: Directive,
    /// Marker that shows if the state is kept.
    #[allow(dead_code, reason = "it is there to be dropped")]
    alive: Arc<()>,
}

#[actor]
impl Part {
    #[on(start)]
    async fn start(&mut self) -> Result<(), String> {
        self.log.add(format!("+{}?", self.name));
        tokio::task::yield_now().await;
        let broken = self.broken.load(Ordering::SeqCst);
        if broken > 0 {
            self.broken.store(broken - 1, Ordering::SeqCst);
            return Err("broken".to_owned());
        }
        self.log.add(format!("+{}", self.name));
        Ok(())
    }

    #[message]
    pub fn serve(&mut self) -> usize {
        self.served += 1;
        self.served
    }

    #[message]
    pub async fn nap(&mut self, ms: u64) -> usize {
        work(Duration::from_millis(ms)).await;
        self.served += 1;
        self.served
    }

    #[message]
    pub fn fail(&mut self) {
        panic!("{} fails", self.name);
    }

    /// Fails once the gate is open.
    #[message(local)]
    pub async fn fail_behind(&mut self, gate: Gate) {
        gate.pass().await;
        panic!("{} fails", self.name);
    }

    #[message(local)]
    pub async fn hold(&mut self, gate: Gate) -> usize {
        gate.pass().await;
        self.served += 1;
        self.served
    }

    #[message]
    pub fn refuse(&mut self) -> Result<(), NoGood> {
        Err(NoGood("no".to_owned()))
    }

    #[on(error)]
    fn error(&mut self) -> Directive {
        self.said
    }

    #[on(stop)]
    async fn stop(&mut self) {
        tokio::task::yield_now().await;
        self.log.add(format!("-{}", self.name));
    }
}

/// Handles of the test for a child, made before it.
#[derive(Clone, Default)]
pub struct Plan {
    pub log: Log,
    pub broken: Arc<AtomicUsize>,
    pub said: Directive,
    pub alive: Arc<()>,
}

impl Plan {
    pub fn part(&self, name: &'static str) -> Part {
        Part {
            name,
            log: self.log.clone(),
            served: 0,
            broken: self.broken.clone(),
            said: self.said,
            alive: self.alive.clone(),
        }
    }
}

/// Boss and its children.
pub struct Family {
    pub system: System,
    pub boss: ActorRef<Boss>,
    pub exits: Exits,
    pub log: Log,
    events: Events,
    place: Place,
}

impl Family {
    /// Makes the family with the strategy of the type: one for all.
    pub fn new(said: Option<Directive>) -> Self {
        Self::at(Place::Task, said)
    }

    /// Makes the family at that place.
    pub fn at(place: Place, said: Option<Directive>) -> Self {
        Self::made(place, said, None)
    }

    pub fn with(said: Option<Directive>, strategy: Option<Strategy>) -> Self {
        Self::made(Place::Task, said, strategy)
    }

    fn made(place: Place, said: Option<Directive>, strategy: Option<Strategy>) -> Self {
        let system = System::new("family");
        let exits = Exits::default();
        let boss = Boss {
            said,
            panics: false,
            exits: exits.clone(),
        };
        let spawner = system.actor(boss);
        let boss = match strategy {
            Some(strategy) => spawner.strategy(strategy).at(place).unwrap(),
            None => spawner.at(place).unwrap(),
        };
        Self {
            events: system.events(),
            system,
            boss,
            exits,
            log: Log::default(),
            place,
        }
    }

    pub fn plan(&self) -> Plan {
        Plan {
            log: self.log.clone(),
            ..Plan::default()
        }
    }

    /// Spawns a child with the given policy, and waits for its start.
    pub async fn child(&self, name: &'static str, policy: Restart) -> ActorRef<Part> {
        let plan = self.plan();
        let child = self
            .system
            .actor_with(move || plan.part(name))
            .child_of(&self.boss)
            .urn(name)
            .stop_within(300 * MS)
            .restart(policy)
            .at(self.place)
            .unwrap();
        child.started().await.unwrap();
        child
    }

    /// Spawns three children.
    pub async fn abc(&self) -> [ActorRef<Part>; 3] {
        [
            self.child("a", policy()).await,
            self.child("b", policy()).await,
            self.child("c", policy()).await,
        ]
    }

    /// Waits for the next restart of that child. The new incarnation answers
    /// the asks made then.
    pub async fn restarted(&mut self, name: &str) -> u32 {
        loop {
            match self.events.next().await.unwrap() {
                Event::Restarted {
                    urn, generation, ..
                } if urn.as_str() == name => return generation,
                _ => {}
            }
        }
    }

    /// Lines noted since the last call.
    pub fn noted(&self) -> Vec<String> {
        self.log.take()
    }
}

pub fn generations(parts: &[ActorRef<Part>]) -> Vec<u32> {
    parts.iter().filter_map(ActorRef::generation).collect()
}
