//! Support for tests of priorities: an actor that notes the order of its turns.

use conclib::Place;
use conclib::prelude::*;
use tokio::sync::mpsc;

use crate::{At, Keeper, Log, gate};

#[message(priority = 1)]
pub struct Alarm(pub u64);

#[actor(priority)]
pub struct Ward {
    log: Log,
    turns: mpsc::UnboundedSender<Keeper>,
}

/// Handle of a test for a ward.
pub struct Watch {
    pub log: Log,
    turns: mpsc::UnboundedReceiver<Keeper>,
}

pub fn ward() -> (Ward, Watch) {
    let log = Log::default();
    let (turns, seen) = mpsc::unbounded_channel();
    let ward = Ward {
        log: log.clone(),
        turns,
    };
    (ward, Watch { log, turns: seen })
}

impl Watch {
    /// Resolves once a `wait` is in its handler; opening the keeper ends the
    /// handler.
    pub async fn turn(&mut self) -> Keeper {
        let mut keeper = self.turns.recv().await.unwrap();
        keeper.entered().await;
        keeper
    }
}

#[actor]
impl Ward {
    /// Stays in its handler until the test lets it continue.
    #[message]
    async fn wait(&mut self) {
        let (gate, keeper) = gate();
        let _ = self.turns.send(keeper);
        gate.pass().await;
    }

    #[handler]
    fn alarm(&mut self, Alarm(n): Alarm) {
        self.log.add(format!("alarm {n}"));
    }

    #[message(priority = 5)]
    fn soon(&mut self, n: u64) {
        self.log.add(format!("soon {n}"));
    }

    #[message]
    fn later(&mut self, n: u64) {
        self.log.add(format!("later {n}"));
    }

    /// Sends to itself, far beyond the capacity of its mailbox.
    #[message]
    async fn spread(&mut self, each: u64, ctx: &mut Context<Self>) {
        let this = ctx.me();
        for n in 0..each {
            this.later(n).tell().await.unwrap();
            this.later(n).priority(2).try_tell().unwrap();
            this.ask(Alarm(n)).tell().await.unwrap();
        }
    }
}

/// Spawns a ward with that capacity, held in a turn.
pub async fn busy(
    system: &System,
    place: Place,
    places: usize,
    overflow: Overflow,
) -> (ActorRef<Ward>, Watch, Keeper) {
    let (actor, mut watch) = ward();
    let ward = system.actor(actor).mailbox(places).overflow(overflow);
    let ward = ward.at(place).unwrap();
    ward.wait().tell().await.unwrap();
    let keeper = watch.turn().await;
    (ward, watch, keeper)
}
