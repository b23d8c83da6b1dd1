//! Tests of the cycles that the graph finds, in one process and over wires.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};

use conclib_wire::{
    CycleStep, EdgeToken, Envelope, RequestId, Step, Urn, decode_chain as chain_steps,
};

use super::chain::CycleMember;
use super::graph::WaitOptions;
use super::waits::{WaitNumber, Waits};
use crate::actor_id::ActorId;
use crate::spi::{Answerer, Outlet, Room, SendRefused};

impl Waits {
    /// Enters a wait that counts for as long as it is entered.
    pub(crate) fn begins(
        &self,
        who: ActorId,
        whom: ActorId,
    ) -> Result<WaitNumber, Vec<CycleMember>> {
        let manner = WaitOptions {
            passed: None,
            waker: None,
            settles: None,
        };
        self.enter(who, whom, manner).map(|(ask, _)| ask)
    }

    pub(crate) fn departs(
        &self,
        owner: ActorId,
        outlet: &Arc<dyn Outlet>,
        id: RequestId,
        to: &Urn,
    ) -> (EdgeToken, Vec<u8>) {
        self.depart(owner, self.new_ask(), outlet, id, to)
    }

    pub(crate) fn holds(&self, who: ActorId, ask: WaitNumber) -> bool {
        self.graph().from(who).any(|edge| edge.ask == ask)
    }
}

fn here<const N: usize>(circle: [ActorId; N]) -> Result<WaitNumber, Vec<CycleMember>> {
    Err(circle.map(CycleMember::Here).to_vec())
}

#[test]
fn a_circle_is_told_and_not_entered() {
    let [a, b, c, d] = [0, 1, 2, 3].map(ActorId::next);
    let waits = Waits::default();
    assert_eq!(waits.begins(a, a), here([a, a]));
    waits.begins(a, b).unwrap();
    waits.begins(b, d).unwrap();
    let wait = waits.begins(b, c).unwrap();
    assert_eq!(waits.begins(c, a), here([c, a, b, c]));
    assert_eq!(waits.graph().who(a).next(), None);
    waits.leave(b, wait);
    waits.begins(c, a).unwrap();
    waits.clear(a);
    waits.begins(b, c).unwrap();
}

#[test]
fn asking_one_twice_is_waiting_twice() {
    let [a, b] = [0, 1].map(ActorId::next);
    let waits = Waits::default();
    let first = waits.begins(a, b).unwrap();
    let second = waits.begins(a, b).unwrap();
    // The second call of `leave` changes nothing.
    for _ in 0..2 {
        waits.leave(a, first);
        assert!(waits.holds(a, second));
        assert_eq!(waits.graph().who(b).collect::<Vec<_>>(), [a]);
        assert_eq!(waits.begins(b, a), here([b, a, b]));
    }
    waits.leave(a, second);
    let wait = waits.begins(b, a).unwrap();
    assert!(waits.holds(b, wait));
}

/// Messages over a wire, in order.
#[derive(Default)]
struct Said(Mutex<Vec<(RequestId, Vec<u8>)>>);

impl Outlet for Said {
    fn send(&self, _: &Envelope<'_>, back: Answerer) -> Result<(), (SendRefused, Answerer)> {
        Err((SendRefused::Closed, back))
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.0.lock().unwrap().push((id, chain.to_vec()));
    }

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }
}

/// Systems in a ring, each with one actor that asks the actor of the next system.
struct Ring {
    systems: Vec<Place>,
}

struct Place {
    waits: Waits,
    actor: ActorId,
    /// Wire to the next system.
    way: Arc<Said>,
    outlet: Arc<dyn Outlet>,
    /// Inbound wait of the previous system's actor, once its request has arrived.
    arrived: Option<u64>,
    told: bool,
}

impl Ring {
    fn new(len: usize) -> Self {
        let place = |at| {
            let way = Arc::new(Said::default());
            Place {
                waits: Waits::default(),
                actor: ActorId::next(at),
                outlet: way.clone(),
                way,
                arrived: None,
                told: false,
            }
        };
        Self {
            systems: (0..len).map(place).collect(),
        }
    }

    /// Lets the actor ask the next one: the request is on the wire, but not yet noted as sent.
    fn ask(&self, at: usize) -> EdgeToken {
        let from = &self.systems[at];
        let to = Urn::anonymous();
        let (mark, chain) = from
            .waits
            .departs(from.actor, &from.outlet, RequestId::nil(), &to);
        from.way.0.lock().unwrap().push((RequestId::nil(), chain));
        mark
    }

    fn is_out(&self, at: usize, mark: EdgeToken) {
        self.systems[at].waits.is_out(mark);
    }

    fn has_mail(&self, at: usize) -> bool {
        !self.systems[at].way.0.lock().unwrap().is_empty()
    }

    /// Delivers the oldest message of this system to the next.
    fn deliver(&mut self, at: usize) {
        let (_, chain) = self.systems[at].way.0.lock().unwrap().remove(0);
        let next = (at + 1) % self.systems.len();
        let to = &mut self.systems[next];
        if to.told {
            return;
        }
        let steps = chain_steps(&chain).unwrap();
        let told = match to.arrived {
            None => to
                .waits
                .arrive(to.actor, steps)
                .map(|number| to.arrived = Some(number)),
            Some(number) => to.waits.learn(number, steps),
        };
        to.told = told.is_err();
    }
}

/// Deterministic random number generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

#[test]
fn of_asks_that_cross_each_other_over_wires_exactly_one_is_told_in_any_order() {
    for seed in 0..500 {
        let mut dice = Dice(seed);
        for len in [1, 2, 3, 4, 6] {
            let mut ring = Ring::new(len);
            let mut to_do: Vec<_> = (0..len).map(|at| (at, None)).collect();
            loop {
                let mail: Vec<_> = (0..len).filter(|at| ring.has_mail(*at)).collect();
                let choices = to_do.len() + mail.len();
                if choices == 0 {
                    break;
                }
                let pick = dice.roll(choices);
                if pick >= to_do.len() {
                    ring.deliver(mail[pick - to_do.len()]);
                    continue;
                }
                match to_do.swap_remove(pick) {
                    (at, None) => to_do.push((at, Some(ring.ask(at)))),
                    (at, Some(mark)) => ring.is_out(at, mark),
                }
            }
            let told = ring.systems.iter().filter(|system| system.told).count();
            assert_eq!(told, 1, "of {len}, seed {seed}");
        }
    }
}

/// Runs with a crowd of earlier callers that wait for the actors: more than a chain can hold.
#[test]
fn crossing_asks_are_told_beside_a_crowd() {
    for crowded in [0..1, 0..2, 0..3] {
        for order in 0..20 {
            let mut ring = Ring::new(3);
            for system in &ring.systems[crowded.clone()] {
                for mark in 1..100 {
                    let steps = vec![step(mark, 0, "one-of-many")];
                    system.waits.arrive(system.actor, steps).unwrap();
                }
            }
            let marks = [0, 1, 2].map(|at| ring.ask(at));
            marks
                .iter()
                .enumerate()
                .for_each(|(at, mark)| ring.is_out(at, *mark));
            let mut dice = Dice(order);
            loop {
                let mail: Vec<_> = (0..3).filter(|at| ring.has_mail(*at)).collect();
                if mail.is_empty() {
                    break;
                }
                ring.deliver(mail[dice.roll(mail.len())]);
            }
            let told = ring.systems.iter().filter(|system| system.told).count();
            assert_eq!(told, 1, "crowds at {crowded:?}, order {order}");
        }
    }
}

#[test]
fn nothing_stays_when_all_have_left() {
    let mut ring = Ring::new(2);
    let first = ring.ask(0);
    ring.is_out(0, first);
    ring.deliver(0);
    ring.ask(1);
    let [first, second] = &ring.systems[..] else {
        panic!("two");
    };
    first.waits.clear(first.actor);
    second.waits.forget(second.arrived.unwrap());
    second.waits.clear(second.actor);
    assert!(first.waits.graph().is_empty());
    assert!(second.waits.graph().is_empty());
}

fn step(mark: u64, via: usize, urn: &str) -> Step {
    Step {
        mark: NonZeroU64::new(mark).map(EdgeToken),
        via,
        who: CycleStep::new("Stranger".into(), Urn::new(urn).unwrap()),
    }
}

/// A chain with false claims about other processes harms only the peer that sent it.
#[test]
fn a_lie_is_nobody_elses_harm() {
    let [a, b] = [0, 1].map(ActorId::next);
    let waits = Waits::default();
    let way: Arc<dyn Outlet> = Arc::new(Said::default());
    // The peer claims that all wait for it, with marks that it made up.
    let lie: Vec<_> = (1..60).map(|mark| step(mark, 0, "b")).collect();
    waits.arrive(a, lie.clone()).unwrap();
    waits.arrive(b, lie).unwrap();
    let wait = waits.begins(a, b).unwrap();
    waits.leave(a, wait);
    waits.begins(b, a).unwrap();
    let (mark, chain) = waits.departs(a, &way, RequestId::nil(), &Urn::anonymous());
    waits.is_out(mark);
    // Honest chains still work: the actors of the own process come first in them.
    let said = chain_steps(&chain).unwrap();
    assert_eq!(said[0].mark, Some(mark));
    assert!(said.len() <= 64);
    // A peer that was told a mark is in that cycle itself.
    let theirs = waits.arrive(b, vec![step(7, 0, "liar"), step(mark.0.get(), 0, "a")]);
    assert!(theirs.is_err());
    assert!(waits.arrive(b, vec![step(8, 0, "honest")]).is_ok());
}

#[test]
fn a_circle_through_a_neighbour_is_named_whole() {
    let [a, b] = [0, 1].map(ActorId::next);
    let waits = Waits::default();
    let way: Arc<dyn Outlet> = Arc::new(Said::default());
    // b -> a -> away -> b
    let wait = waits.begins(b, a).unwrap();
    let (_, chain) = waits.departs(a, &way, RequestId::nil(), &Urn::anonymous());
    let mut steps = chain_steps(&chain).unwrap();
    assert_eq!(steps.len(), 1, "whoever waits here is known here");
    let away = Step {
        mark: NonZeroU64::new(9).map(EdgeToken),
        via: 0,
        who: CycleStep::new(Box::default(), Urn::new("away").unwrap()),
    };
    steps.insert(0, away.clone());
    let there = || CycleMember::There(away.who.clone());
    let circle = vec![there(), CycleMember::Here(b), CycleMember::Here(a), there()];
    assert_eq!(waits.arrive(b, steps.clone()), Err(circle));
    // The wait for the neighbour is entered last, so its ask is the one that fails.
    waits.leave(b, wait);
    waits.arrive(b, steps).unwrap();
    let circle = vec![
        CycleMember::Here(b),
        CycleMember::Here(a),
        there(),
        CycleMember::Here(b),
    ];
    assert_eq!(waits.begins(b, a), Err(circle));
}

/// The search is bounded: a request costs no more than that, whatever the number of actors that
/// wait for its target.
#[test]
fn of_a_crowd_that_waits_some_are_looked_at() {
    let hub = ActorId::next(0);
    let crowd: Vec<_> = (1..3000).map(ActorId::next).collect();
    let waits = Waits::default();
    for who in &crowd {
        waits.begins(*who, hub).unwrap();
    }
    waits.arrive(crowd[10], vec![step(1, 0, "early")]).unwrap();
    waits.arrive(crowd[2900], vec![step(2, 0, "late")]).unwrap();
    let way: Arc<dyn Outlet> = Arc::new(Said::default());
    let (_, chain) = waits.departs(hub, &way, RequestId::nil(), &Urn::anonymous());
    let said = chain_steps(&chain).unwrap();
    let marks: Vec<_> = said.iter().filter_map(|step| step.mark).collect();
    let is_said = |mark| marks.contains(&EdgeToken(NonZeroU64::new(mark).unwrap()));
    assert!(is_said(1) && !is_said(2), "{marks:?}");
}
