//! An answer that a turn polled, and no longer waits for, closes no cycle.

use std::future::IntoFuture;
use std::pin::pin;

use conclib::prelude::*;
use conclib::{Place, ReplyGroup};
use futures_util::stream::{FuturesUnordered, StreamExt};
use support::{At, Gate, Keeper, gate, until};

/// Ways in which an actor polls the answer of another.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// Stores the reply for later, and continues in the same poll.
    KeepsTheReply,
    /// Stores the reply, and continues in a later poll.
    KeepsTheReplyLater,
    KeepsTheAsk,
    SpawnsTheReply,
    SpawnsTheAsk,
    /// Holds the reply in a variable, and waits for something else.
    HoldsTheReply,
}

const LOOKS: [Look; 6] = [
    Look::KeepsTheReply,
    Look::KeepsTheReplyLater,
    Look::KeepsTheAsk,
    Look::SpawnsTheReply,
    Look::SpawnsTheAsk,
    Look::HoldsTheReply,
];

#[actor(mailbox = 8)]
#[derive(Default)]
struct Node {
    kept: Option<Reply<String>>,
    asked: Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>,
}

fn text(answer: Result<String, AskError>) -> String {
    answer.unwrap_or_else(|error| error.to_string())
}

#[actor]
impl Node {
    #[message]
    fn ping(&mut self) -> String {
        "pong".to_owned()
    }

    /// Asks back once the gate is open.
    #[message(local)]
    async fn asks_back(&mut self, gate: Gate, whom: ActorRef<Node>) -> String {
        gate.pass().await;
        text(whom.ping().await)
    }

    #[message(local)]
    async fn waits(&mut self, gate: Gate) -> String {
        gate.pass().await;
        "waited".to_owned()
    }

    /// Asks the other actor, which is to ask back; polls the answer until
    /// `enough`, and then waits for `rest`.
    #[message(local)]
    async fn look(
        &mut self,
        other: ActorRef<Node>,
        look: Look,
        asks: Gate,
        enough: Gate,
        rest: Gate,
        ctx: &mut Context<Self>,
    ) {
        let ask = other.asks_back(asks, ctx.me());
        match look {
            Look::KeepsTheAsk | Look::SpawnsTheAsk => {
                let mut ask = Box::pin(ask.owned().into_future());
                tokio::select! {
                    biased;
                    answer = &mut ask => panic!("{answer:?}"),
                    () = enough.pass() => {}
                }
                let rest_of_it = Box::pin(async move { drop(ask.await) });
                match look {
                    Look::KeepsTheAsk => self.asked = Some(rest_of_it),
                    _ => drop(tokio::spawn(rest_of_it)),
                }
                rest.pass().await;
            }
            _ => {
                let mut reply = ask.reply().await.unwrap();
                tokio::select! {
                    biased;
                    answer = &mut reply => panic!("{answer:?}"),
                    () = enough.pass() => {}
                }
                match look {
                    Look::KeepsTheReply => self.kept = Some(reply),
                    Look::KeepsTheReplyLater => {
                        tokio::task::yield_now().await;
                        self.kept = Some(reply);
                    }
                    Look::SpawnsTheReply => drop(tokio::spawn(reply)),
                    _ => {
                        rest.pass().await;
                        self.kept = Some(reply);
                        return;
                    }
                }
                rest.pass().await;
            }
        }
    }

    /// Waits for two at once; the second is to ask back when the first has
    /// answered.
    #[message(local)]
    async fn gather(
        &mut self,
        how: Gather,
        others: [ActorRef<Node>; 2],
        gates: [Gate; 2],
        keeper: Keeper,
        ctx: &mut Context<Self>,
    ) -> String {
        let [first, second] = others;
        let [gate, asks] = gates;
        let first = first.waits(gate).reply().await.unwrap();
        let second = second.asks_back(asks, ctx.me()).reply().await.unwrap();
        let mut keeper = Some(keeper);
        let mut last = String::new();
        match how {
            Gather::Group => {
                let mut group = ReplyGroup::new();
                group.push(first);
                group.push(second);
                while let Some((_, answer)) = group.next().await {
                    last = text(answer);
                    keeper.take().into_iter().for_each(Keeper::open);
                }
            }
            Gather::Unordered => {
                let mut all = FuturesUnordered::from_iter([first, second]);
                while let Some(answer) = all.next().await {
                    last = text(answer);
                    keeper.take().into_iter().for_each(Keeper::open);
                }
            }
            Gather::LookedAtBefore => {
                let mut second = second;
                assert!(support::poll_once(&mut second).is_pending());
                let mut all = FuturesUnordered::from_iter([first, second]);
                while let Some(answer) = all.next().await {
                    last = text(answer);
                    keeper.take().into_iter().for_each(Keeper::open);
                }
            }
            Gather::Loop => {
                let (mut first, mut second) = (pin!(first), pin!(second));
                let mut is_first = true;
                last = loop {
                    tokio::select! {
                        biased;
                        answer = &mut second => break text(answer),
                        _ = &mut first, if is_first => {
                            is_first = false;
                            keeper.take().into_iter().for_each(Keeper::open);
                        }
                    }
                };
            }
            Gather::Shared => {
                let second = second.shared();
                let (_, answer) = tokio::join!(
                    async {
                        drop(first.await);
                        keeper.take().into_iter().for_each(Keeper::open);
                    },
                    second.clone(),
                );
                last = text(answer);
            }
        }
        last
    }
}

#[derive(Clone, Copy, Debug)]
enum Gather {
    Group,
    Unordered,
    /// Polled by itself first, and then with another waker.
    LookedAtBefore,
    Loop,
    Shared,
}

fn spawn(system: &System, place: Place, urn: &str) -> ActorRef<Node> {
    let actor = system.actor(Node::default()).urn(urn);
    actor.at(place).unwrap()
}

/// Waits until so many messages are queued at that actor.
async fn queued(system: &System, urn: &str, count: usize) {
    let is_queued =
        |actor: &conclib::system::ActorSnapshot| actor.urn == urn && actor.depth == count;
    until(|| system.snapshot().actors.iter().any(is_queued)).await;
}

async fn whoever_gave_an_answer_up_may_be_asked(place: Place) {
    for look in LOOKS {
        let system = System::new("test");
        let [a, b] = ["a", "b"].map(|urn| spawn(&system, place, urn));
        let [
            (asks, mut may_ask),
            (enough, mut is_enough),
            (rest, mut rests),
        ] = [gate(), gate(), gate()];
        let turn = a
            .look(b.clone(), look, asks, enough, rest)
            .reply()
            .await
            .unwrap();
        may_ask.entered().await;
        is_enough.entered().await;
        is_enough.open();
        rests.entered().await;
        may_ask.open();
        // The request of the other actor is handled when the turn is over.
        queued(&system, "a", 1).await;
        assert_eq!(system.snapshot().actors[0].waiting_for, [""; 0], "{look:?}");
        rests.open();
        turn.await.unwrap();
        until(|| system.snapshot().actors[1].busy_with.is_none()).await;
        assert_eq!(a.ping().await.unwrap(), "pong");
        system.shutdown().await;
    }
}

async fn a_circle_is_found_through_answers_that_were_polled_long_ago(place: Place) {
    for how in [
        Gather::Group,
        Gather::Unordered,
        Gather::LookedAtBefore,
        Gather::Loop,
        Gather::Shared,
    ] {
        let system = System::new("test");
        let [a, b, c] = ["a", "b", "c"].map(|urn| spawn(&system, place, urn));
        let [(first, mut may_answer), (asks, may_ask)] = [gate(), gate()];
        let gathers = a.gather(how, [b, c], [first, asks], may_ask);
        let gathers = gathers.reply().await.unwrap();
        may_answer.entered().await;
        may_answer.open();
        let answer = gathers.await.unwrap();
        // On threads the two may begin to wait in any order.
        let paths = [
            "Node(c) -> Node(a) -> Node(c)",
            "Node(a) -> Node(c) -> Node(a)",
        ];
        let is_told = |path| answer.contains(&format!("would deadlock: {path};"));
        assert!(paths.into_iter().any(is_told), "{how:?}: {answer}");
        system.shutdown().await;
    }
}

support::on_every_place! {
    whoever_gave_an_answer_up_may_be_asked,
    a_circle_is_found_through_answers_that_were_polled_long_ago,
}
