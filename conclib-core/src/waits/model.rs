//! Crossing asks in thousands of orders, near and over wires.

use std::future::Future;
use std::pin::Pin;

use shuttle::sync::mpsc::{self, Receiver, Sender};
use shuttle::thread;

use super::*;
use crate::sync::Arc;
use crate::sync::model::check;
use crate::wire::{Answerer, Envelope, Outlet, RequestId, Unsent, chain_steps};

/// Each asks the next, and the last the first: exactly one is told, whoever
/// comes last.
fn one_is_told(actors: usize) {
    check(move || {
        let ids: Vec<_> = (0..actors).map(ActorId::next).collect();
        let waits = Arc::new(Waits::default());
        let asks: Vec<_> = (0..actors)
            .map(|at| {
                let waits = waits.clone();
                let (who, whom) = (ids[at], ids[(at + 1) % actors]);
                thread::spawn(move || waits.begins(who, whom))
            })
            .collect();
        let told: Vec<_> = asks.into_iter().map(|ask| ask.join().unwrap()).collect();
        let circles: Vec<_> = told.into_iter().filter_map(Result::err).collect();
        let [circle] = &circles[..] else {
            panic!("{} were told", circles.len());
        };
        assert_eq!(circle.len(), actors + 1);
        assert_eq!(circle.first(), circle.last());
    });
}

#[test]
fn of_crossing_asks_exactly_one_is_told() {
    one_is_told(2);
    one_is_told(3);
    one_is_told(4);
}

/// Who was told leaves the others to go on; who got an answer waits no more.
#[test]
fn whoever_is_through_stands_in_nobodys_way() {
    check(|| {
        let [a, b] = [0, 1].map(ActorId::next);
        let waits = Arc::new(Waits::default());
        let asks = [(a, b), (b, a)].map(|(who, whom)| {
            let waits = waits.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    if let Ok(wait) = waits.begins(who, whom) {
                        assert!(waits.holds(who, wait));
                        assert!(
                            waits.graph().who(who).all(|other| other != whom),
                            "both wait"
                        );
                        waits.leave(who, wait);
                    }
                }
            })
        });
        for ask in asks {
            ask.join().unwrap();
        }
        assert!(waits.graph().is_empty());
    });
}

/// What is said over a wire, in its order: the chain of the request comes first.
struct Wire(Mutex<Sender<Vec<u8>>>);

impl Wire {
    fn say(&self, chain: &[u8]) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.send(chain.to_vec()).unwrap();
    }
}

impl Outlet for Wire {
    fn send(&self, _: &Envelope<'_>, back: Answerer) -> Result<(), (Unsent, Answerer)> {
        Err((Unsent::Closed, back))
    }

    fn room(&self, _: &str) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }

    fn cancel(&self, _: RequestId) {}

    fn waits(&self, _: RequestId, chain: &[u8]) {
        self.say(chain);
    }

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }
}

/// The ask that came to an actor over a wire.
struct Incoming {
    waits: Arc<Waits>,
    target: ActorId,
    said: Receiver<Vec<u8>>,
    number: Option<u64>,
    told: bool,
}

impl Incoming {
    fn hear(&mut self, chain: &[u8]) {
        if self.told {
            return;
        }
        let steps = chain_steps(chain).unwrap();
        let entered = match self.number {
            None => {
                let number = self.waits.arrive(self.target, steps);
                number.map(|number| self.number = Some(number))
            }
            Some(number) => self.waits.learn(number, steps),
        };
        self.told = entered.is_err();
    }
}

/// Each in a system of its own, in a ring: while all ask, the requests come in.
fn one_is_told_over_wires(actors: usize) {
    check(move || {
        let homes: Vec<_> = (0..actors)
            .map(|at| (Arc::new(Waits::default()), ActorId::next(at)))
            .collect();
        let mut threads = Vec::new();
        for at in 0..actors {
            let (sender, said) = mpsc::channel();
            let wire = Arc::new(Wire(Mutex::new(sender)));
            let (waits, who) = homes[at].clone();
            let asks = thread::spawn(move || {
                let outlet: Arc<dyn Outlet> = wire.clone();
                let urn = Urn::reserved("conclib:next");
                let (mark, chain) = waits.departs(who, &outlet, RequestId::nil(), &urn);
                wire.say(&chain);
                waits.is_out(mark);
            });
            let (waits, target) = homes[(at + 1) % actors].clone();
            let hears = thread::spawn(move || {
                let mut incoming = Incoming {
                    waits,
                    target,
                    said,
                    number: None,
                    told: false,
                };
                let chain = incoming.said.recv().unwrap();
                incoming.hear(&chain);
                incoming
            });
            threads.push((asks, hears));
        }
        let joined = threads.into_iter().map(|(asks, hears)| {
            asks.join().unwrap();
            hears.join().unwrap()
        });
        let mut incoming: Vec<_> = joined.collect();
        // What is said because of what was heard.
        loop {
            let mut was_silent = true;
            for one in &mut incoming {
                while let Ok(chain) = one.said.try_recv() {
                    was_silent = false;
                    one.hear(&chain);
                }
            }
            if was_silent {
                break;
            }
        }
        let told = incoming.iter().filter(|one| one.told).count();
        assert_eq!(told, 1);
    });
}

#[test]
fn of_asks_that_cross_each_other_over_wires_exactly_one_is_told() {
    one_is_told_over_wires(2);
    one_is_told_over_wires(3);
}
