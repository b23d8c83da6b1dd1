//! An asker whose request is forwarded waits for the actor it is forwarded to.

use std::collections::VecDeque;

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, gate, until};

/// Request with a route: each actor that gets it takes the next step.
#[message(local, reply = String)]
struct Hop(VecDeque<Step>);

enum Step {
    Ask(ActorRef<Stop>),
    /// Asks, and waits for the answer once the gate is open.
    AskFor(ActorRef<Stop>, Gate),
    /// Answers from another task, once the gate is open.
    Defer(Gate),
    PassOn(ActorRef<Stop>),
    Stash,
    Hold(Gate),
}

use Step::{Ask, AskFor, Defer, Hold, PassOn, Stash};

#[actor(mailbox = 2)]
struct Stop;

#[actor]
impl Stop {
    #[handler]
    async fn hop(&mut self, Hop(mut way): Hop, ctx: &mut Context<Self>) -> Deferred<String> {
        loop {
            match way.pop_front() {
                None => return Deferred::ready("end".to_owned()),
                Some(Ask(to)) => {
                    let answer = to.ask(Hop(way)).await;
                    return Deferred::ready(answer.unwrap_or_else(|error| error.to_string()));
                }
                Some(AskFor(to, gate)) => {
                    let reply = to.ask(Hop(way)).reply().await.unwrap();
                    gate.pass().await;
                    let answer = reply.await;
                    return Deferred::ready(answer.unwrap_or_else(|error| error.to_string()));
                }
                Some(Defer(gate)) => {
                    let (reply, deferred) = ctx.defer();
                    tokio::spawn(async move {
                        gate.pass().await;
                        reply.send("later".to_owned());
                    });
                    return deferred;
                }
                Some(PassOn(to)) => return ctx.forward(&to, Hop(way)).await,
                Some(Stash) => return ctx.stash(Hop(way)),
                Some(Hold(gate)) => gate.pass().await,
            }
        }
    }

    #[message]
    fn unstash(&mut self, ctx: &mut Context<Self>) {
        ctx.unstash();
    }

    #[message]
    fn nothing(&mut self) {}
}

struct Rig {
    system: System,
    x: ActorRef<Stop>,
    y: ActorRef<Stop>,
    z: ActorRef<Stop>,
}

impl Rig {
    fn new(place: Place) -> Self {
        let system = System::new("test");
        let spawn = |urn| {
            let actor = system.actor(Stop).urn(urn);
            actor.at(place).unwrap()
        };
        let [x, y, z] = ["x", "y", "z"].map(spawn);
        Self { system, x, y, z }
    }

    async fn go(&self, way: impl IntoIterator<Item = Step>) -> String {
        self.x.ask(Hop(way.into_iter().collect())).await.unwrap()
    }

    /// Waits until the one actor waits for the others.
    async fn waits(&self, who: &str, whom: &[&str]) {
        let waits =
            |actor: &conclib::system::ActorSnapshot| actor.urn == who && actor.waiting_for == whom;
        until(|| self.system.snapshot().actors.iter().any(waits)).await;
    }

    /// Checks that no wait is left in the graph.
    async fn end(self) {
        for who in ["x", "y", "z"] {
            self.waits(who, &[]).await;
        }
        self.system.shutdown().await;
    }
}

support::on_every_place! {
    a_circle_through_a_request_that_is_passed_on_is_told,
    one_that_passes_the_request_back_tells_the_asker,
    a_request_that_is_passed_on_twice_is_followed,
    whoever_passed_it_on_may_be_asked,
    the_dump_shows_the_actor_that_has_the_request,
    of_an_ask_and_a_request_that_is_passed_on_at_the_same_moment_one_is_told,
    a_place_in_a_full_mailbox_is_no_way_out,
    a_request_that_was_put_aside_is_waited_for,
    workers_of_a_pool_pass_on_too,
    a_reply_that_is_picked_up_in_the_turn_is_followed_too,
    a_reply_that_is_deferred_waits_for_nobody,
}

fn told(answer: &str, path: &str) {
    let expected = format!("would deadlock: {path};");
    assert!(answer.contains(&expected), "{answer}");
}

async fn a_circle_through_a_request_that_is_passed_on_is_told(place: Place) {
    let rig = Rig::new(place);
    for _ in 0..3 {
        let way = [
            Ask(rig.y.clone()),
            PassOn(rig.z.clone()),
            Ask(rig.x.clone()),
        ];
        told(&rig.go(way).await, "Stop(z) -> Stop(x) -> Stop(z)");
        // Without the last step there is no cycle.
        let way = [Ask(rig.y.clone()), PassOn(rig.z.clone())];
        assert_eq!(rig.go(way).await, "end");
    }
    rig.end().await;
}

async fn one_that_passes_the_request_back_tells_the_asker(place: Place) {
    let rig = Rig::new(place);
    let way = [Ask(rig.y.clone()), PassOn(rig.x.clone())];
    let answer = rig.go(way).await;
    told(&answer, "Stop(x) -> Stop(x)");
    assert!(answer.contains("; its handler may have run"), "{answer}");
    rig.end().await;
}

async fn a_request_that_is_passed_on_twice_is_followed(place: Place) {
    let rig = Rig::new(place);
    let w = rig.system.actor(Stop).urn("w").spawn().unwrap();
    let way = [
        Ask(rig.y.clone()),
        PassOn(rig.z.clone()),
        PassOn(w.clone()),
        Ask(rig.x.clone()),
    ];
    told(&rig.go(way).await, "Stop(w) -> Stop(x) -> Stop(w)");
    rig.end().await;
}

/// An actor that has forwarded the request is no longer part of the wait.
async fn whoever_passed_it_on_may_be_asked(place: Place) {
    let rig = Rig::new(place);
    let way = [
        Ask(rig.y.clone()),
        PassOn(rig.z.clone()),
        Ask(rig.y.clone()),
    ];
    assert_eq!(rig.go(way).await, "end");
    let way = [Ask(rig.y.clone()), PassOn(rig.y.clone())];
    assert_eq!(rig.go(way).await, "end");
    // No turn waits for this request.
    let way = [
        PassOn(rig.y.clone()),
        PassOn(rig.z.clone()),
        Ask(rig.x.clone()),
    ];
    assert_eq!(rig.go(way).await, "end");
    rig.end().await;
}

async fn the_dump_shows_the_actor_that_has_the_request(place: Place) {
    let rig = Rig::new(place);
    let (hold, mut held) = gate();
    let way = [Ask(rig.y.clone()), PassOn(rig.z.clone()), Hold(hold)];
    let (answer, ()) = tokio::join!(rig.go(way), async {
        held.entered().await;
        rig.waits("x", &["z"]).await;
        held.open();
    });
    assert_eq!(answer, "end");
    rig.waits("x", &[]).await;
    rig.end().await;
}

/// The one of the two that comes last fails.
async fn of_an_ask_and_a_request_that_is_passed_on_at_the_same_moment_one_is_told(place: Place) {
    let rig = Rig::new(place);
    for asks_first in [true, false, true, false] {
        let (hold_y, mut y) = gate();
        let (hold_z, mut z) = gate();
        let of_z = Hop([Hold(hold_z), Ask(rig.x.clone())].into());
        let of_z = rig.z.ask(of_z).reply().await.unwrap();
        z.entered().await;
        let way = [Ask(rig.y.clone()), Hold(hold_y), PassOn(rig.z.clone())];
        let (of_x, of_z) = tokio::join!(rig.go(way), async {
            y.entered().await;
            if asks_first {
                z.open();
                rig.waits("z", &["x"]).await;
                y.open();
            } else {
                y.open();
                rig.waits("x", &["z"]).await;
                z.open();
            }
            of_z.await.unwrap()
        });
        let (told_one, heard) = match asks_first {
            true => (of_x, of_z),
            false => (of_z, of_x),
        };
        let path = match asks_first {
            true => "Stop(x) -> Stop(z) -> Stop(x)",
            false => "Stop(z) -> Stop(x) -> Stop(z)",
        };
        told(&told_one, path);
        assert_eq!(heard, "end");
    }
    rig.end().await;
}

/// The mailbox of the new target is full, so the forwarded request waits for a
/// slot.
async fn a_place_in_a_full_mailbox_is_no_way_out(place: Place) {
    let rig = Rig::new(place);
    let (hold, mut held) = gate();
    let of_z = Hop([Hold(hold), Ask(rig.x.clone())].into());
    let of_z = rig.z.ask(of_z).reply().await.unwrap();
    held.entered().await;
    rig.z.nothing().tell().await.unwrap();
    rig.z.nothing().tell().await.unwrap();
    let way = [Ask(rig.y.clone()), PassOn(rig.z.clone())];
    let (of_x, of_z) = tokio::join!(rig.go(way), async {
        rig.waits("y", &["z"]).await;
        held.open();
        of_z.await.unwrap()
    });
    assert_eq!(of_x, "end");
    assert!(
        of_z.contains("would deadlock: Stop(z) -> Stop(x)"),
        "{of_z}"
    );
    rig.end().await;
}

async fn a_request_that_was_put_aside_is_waited_for(place: Place) {
    let rig = Rig::new(place);
    let way = [
        Ask(rig.y.clone()),
        Stash,
        PassOn(rig.z.clone()),
        Ask(rig.x.clone()),
    ];
    let (answer, ()) = tokio::join!(rig.go(way), async {
        rig.waits("x", &["y"]).await;
        // Only a turn of `y` can answer, so this would wait for ever, too.
        let asked = rig.y.ask(Hop([Ask(rig.x.clone())].into())).await.unwrap();
        told(&asked, "Stop(y) -> Stop(x) -> Stop(y)");
        rig.y.unstash().await.unwrap();
    });
    told(&answer, "Stop(z) -> Stop(x) -> Stop(z)");
    rig.end().await;
}

async fn workers_of_a_pool_pass_on_too(place: Place) {
    let rig = Rig::new(place);
    let pool = rig.system.pool(|| Stop).size(2).urn("pool");
    let pool = support::pool_at!(pool, place);
    let way = [
        Ask(pool.worker()),
        PassOn(pool.worker()),
        PassOn(rig.z.clone()),
        Ask(rig.x.clone()),
    ];
    told(&rig.go(way).await, "Stop(z) -> Stop(x) -> Stop(z)");
    let way = [
        Ask(rig.y.clone()),
        PassOn(pool.worker()),
        Ask(rig.x.clone()),
    ];
    assert!(rig.go(way).await.contains("would deadlock: "));
    rig.end().await;
}

/// The request is passed on before the answer is polled for the first time.
async fn a_reply_that_is_picked_up_in_the_turn_is_followed_too(place: Place) {
    let rig = Rig::new(place);
    let (look, mut may_look) = gate();
    let (hold, mut held) = gate();
    let way = [
        AskFor(rig.y.clone(), look),
        PassOn(rig.z.clone()),
        Hold(hold),
        Ask(rig.x.clone()),
    ];
    let (answer, ()) = tokio::join!(rig.go(way), async {
        may_look.entered().await;
        held.entered().await;
        rig.waits("x", &[]).await;
        may_look.open();
        rig.waits("x", &["z"]).await;
        held.open();
    });
    told(&answer, "Stop(z) -> Stop(x) -> Stop(z)");
    rig.end().await;
}

async fn a_reply_that_is_deferred_waits_for_nobody(place: Place) {
    let rig = Rig::new(place);
    let (look, mut may_look) = gate();
    let (later, mut may_answer) = gate();
    let way = [AskFor(rig.y.clone(), look), Defer(later)];
    let (answer, back) = tokio::join!(rig.go(way), async {
        may_look.entered().await;
        may_answer.entered().await;
        may_look.open();
        // The actor asks back while its answer is awaited, and is answered
        // after that.
        let asks_back = rig.y.ask(Hop([Ask(rig.x.clone())].into()));
        let asks_back = asks_back.reply().await.unwrap();
        rig.waits("y", &["x"]).await;
        may_answer.open();
        asks_back.await.unwrap()
    });
    assert_eq!((answer.as_str(), back.as_str()), ("later", "end"));
    rig.end().await;
}
