//! Model tests of crossing asks: thousands of schedules, in one process and over wires.

use std::future::poll_fn;
use std::mem::take;
use std::task::{Context, Poll, Waker};

use conclib_wire::{Envelope, RequestId, Urn, decode_chain as chain_steps};
use shuttle::future::block_on;
use shuttle::sync::mpsc::{self, Receiver, Sender};
use shuttle::thread;

use super::waits::*;
use crate::actor_id::ActorId;
use crate::deadlock::graph::WaitOptions;
use crate::spi::{Answerer, Outlet, Room, SendRefused};
use crate::sync::model::check;
use crate::sync::{Arc, Mutex, PoisonError};

/// Runs `actors` actors of which each asks the next, and the last the first: exactly one ask fails,
/// in every order.
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

/// An actor whose ask failed does not hold up the others, and one that got its answer waits no
/// more.
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

/// `y` forwards a request of `x` to `z`, which asks `x`: exactly one of the two fails, in every
/// order.
#[test]
fn of_an_ask_and_a_request_that_is_passed_on_exactly_one_is_told() {
    check(|| {
        let [x, y, z] = [0, 1, 2].map(ActorId::next);
        let waits = Arc::new(Waits::default());
        let ask = waits.begins(x, y).unwrap();
        let passes = {
            let waits = waits.clone();
            thread::spawn(move || {
                let passed = waits.pass(x, ask, z, None);
                waits.leave_one(x, ask, Whom::Actor(y));
                passed
            })
        };
        let asks = {
            let waits = waits.clone();
            thread::spawn(move || waits.begins(z, x))
        };
        let (passed, asked) = (passes.join().unwrap(), asks.join().unwrap());
        assert_ne!(passed.is_err(), asked.is_err(), "{passed:?} {asked:?}");
        waits.leave(x, ask);
        if let Ok(ask) = asked {
            waits.leave(z, ask);
        }
        assert!(waits.graph().is_empty());
    });
}

/// Turn of an actor that asks the next, and polls for the answer.
struct Turn {
    waits: Arc<Waits>,
    who: ActorId,
    whom: ActorId,
    ask: Option<WaitNumber>,
    ends: Arc<Mutex<Ends>>,
}

/// Number of turns that have ended, and the wakers that wait for more.
#[derive(Default)]
struct Ends(usize, Vec<Waker>);

impl Turn {
    /// Is ready as soon as another turn has ended; true if the ask failed with a cycle.
    fn poll(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let polled = self.ask_or_poll(cx);
        if polled.is_ready() {
            self.ask
                .into_iter()
                .for_each(|ask| self.waits.leave(self.who, ask));
            let mut ends = self.ends.lock().unwrap();
            ends.0 += 1;
            let wakers = take(&mut ends.1);
            drop(ends);
            wakers.into_iter().for_each(Waker::wake);
        } else {
            self.waits.poll_ended(self.who);
        }
        polled
    }

    fn ask_or_poll(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let waker = Some(cx.waker());
        match self.ask {
            None => {
                let manner = WaitOptions {
                    passed: None,
                    waker,
                    settles: waker,
                };
                match self.waits.enter(self.who, self.whom, manner) {
                    Ok((ask, _)) => self.ask = Some(ask),
                    Err(_) => return Poll::Ready(true),
                }
            }
            Some(ask) => match self.waits.polled(self.who, ask, cx.waker()) {
                Ok(_) => {}
                Err(_) => return Poll::Ready(true),
            },
        }
        let mut ends = self.ends.lock().unwrap();
        if ends.0 > 0 {
            return Poll::Ready(false);
        }
        ends.1.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Runs `actors` actors of which each asks the next, and all keep polling: exactly one fails,
/// though each of the waits may have been in doubt.
fn one_is_told_that_polls(actors: usize) {
    check(move || {
        let ids: Vec<_> = (0..actors).map(ActorId::next).collect();
        let waits = Arc::new(Waits::default());
        let ends = Arc::default();
        let turns: Vec<_> = (0..actors)
            .map(|at| {
                let mut turn = Turn {
                    waits: waits.clone(),
                    who: ids[at],
                    whom: ids[(at + 1) % actors],
                    ask: None,
                    ends: Arc::clone(&ends),
                };
                thread::spawn(move || block_on(poll_fn(|cx| turn.poll(cx))))
            })
            .collect();
        let told = turns.into_iter().filter_map(|turn| turn.join().ok());
        assert_eq!(told.filter(|told| *told).count(), 1);
        assert!(waits.graph().is_empty());
    });
}

/// An actor that polled an answer once and goes on without it closes no cycle, at whatever time the
/// other asks.
#[test]
fn whoever_gave_an_answer_up_closes_no_circle() {
    check(|| {
        let [a, b] = [0, 1].map(ActorId::next);
        let waits = Arc::new(Waits::default());
        let may_end = Arc::new(Mutex::new(Ends::default()));
        let (looks, ended) = (waits.clone(), may_end.clone());
        let gave_up = thread::spawn(move || {
            let mut is_first = true;
            block_on(poll_fn(|cx| {
                let waker = Some(cx.waker());
                if take(&mut is_first) {
                    let manner = WaitOptions {
                        passed: None,
                        waker,
                        settles: waker,
                    };
                    // The first wait that is entered is not in doubt.
                    looks.enter(a, b, manner).unwrap();
                }
                looks.poll_ended(a);
                let mut ended = ended.lock().unwrap();
                ended.1.push(cx.waker().clone());
                match ended.0 {
                    0 => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            }));
            looks.clear(a);
        });
        while waits.graph().from(a).next().is_none() {
            thread::yield_now();
        }
        let mut ask = None;
        block_on(poll_fn(|cx| {
            let waker = Some(cx.waker());
            let manner = WaitOptions {
                passed: None,
                waker,
                settles: waker,
            };
            let is_sure = match ask {
                None => {
                    let (begun, is_sure) = waits.enter(b, a, manner).unwrap();
                    ask = Some(begun);
                    is_sure
                }
                Some(ask) => waits.polled(b, ask, cx.waker()).unwrap(),
            };
            match is_sure {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
        let mut ends = may_end.lock().unwrap();
        ends.0 = 1;
        let wakers = take(&mut ends.1);
        drop(ends);
        wakers.into_iter().for_each(Waker::wake);
        gave_up.join().unwrap();
        waits.clear(b);
        assert!(waits.graph().is_empty());
    });
}

#[test]
fn of_crossing_asks_that_are_in_doubt_exactly_one_is_told() {
    one_is_told_that_polls(2);
    one_is_told_that_polls(3);
}

/// Messages over a wire, in order: the chain of the request comes first.
struct Wire(Mutex<Sender<Vec<u8>>>);

impl Wire {
    fn say(&self, chain: &[u8]) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.send(chain.to_vec()).unwrap();
    }
}

impl Outlet for Wire {
    fn send(&self, _: &Envelope<'_>, back: Answerer) -> Result<(), (SendRefused, Answerer)> {
        Err((SendRefused::Closed, back))
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn waits(&self, _: RequestId, chain: &[u8]) {
        self.say(chain);
    }

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }
}

/// Request that came to an actor over a wire.
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

/// Runs systems in a ring, each with one actor that asks the next one: the requests arrive while
/// all ask.
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
        // Each message that is heard may cause others.
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
