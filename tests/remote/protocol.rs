//! Messages that several actors share: a protocol is declared once, and an
//! inbox stays closed.

use conclib::prelude::*;
use felines::{Feline, FelineCalls, FelineEat, FelineGreet, FelineLater, FelineLeave};
use support::animals::{Eater as Hungry, EaterCalls as _, EaterFeed, EaterWho, Summon};
use support::outside::{House, Road, on_every_road};
use support::{Gate, NoGood, gate, next_dead_letter};

mod felines {
    use super::NoGood;
    use conclib::prelude::*;

    /// Messages of felines.
    #[protocol]
    pub trait Feline {
        const LEGS: u8 = 4;

        fn name(&self) -> &str;

        #[message]
        fn greet(&self) -> String {
            format!("Hi, it's {}.", self.name())
        }

        #[message(name = "meal")]
        async fn eat(&mut self, grams: u32) -> Result<u32, NoGood>;

        #[message]
        fn leave(&mut self, ctx: &mut Context<Self>) -> String {
            ctx.stop();
            format!("{} leaves", ctx.urn())
        }

        #[message]
        fn later(&mut self, ctx: &mut Context<Self>) -> Deferred<u8> {
            let (reply, deferred) = ctx.defer();
            reply.send(Self::LEGS);
            deferred
        }
    }
}

#[actor(urn = "cat")]
#[derive(Default)]
struct Cat {
    eaten: u32,
    at_meals: Option<Gate>,
}

#[actor(protocols(Feline))]
impl Cat {
    #[message]
    fn purr(&mut self) -> u32 {
        self.eaten
    }
}

impl Feline for Cat {
    fn name(&self) -> &str {
        "Mr. Whiskers"
    }

    async fn eat(&mut self, grams: u32) -> Result<u32, NoGood> {
        if let Some(gate) = self.at_meals.take() {
            gate.pass().await;
        }
        if grams == 0 {
            return Err(NoGood("empty".into()));
        }
        self.eaten += grams;
        Ok(self.eaten)
    }
}

/// Actor with two protocols, messages of its own, one from another crate, and a
/// fallback.
#[actor(urn = "tiger")]
#[derive(Default)]
struct Tiger;

#[actor(protocols(Feline, support::animals::Eater))]
impl Tiger {
    #[message]
    fn roar(&mut self, times: usize) -> String {
        "Roar. ".repeat(times)
    }

    #[handler]
    fn summon(&mut self, Summon { name }: Summon) -> String {
        format!("{name}!")
    }

    #[fallback]
    fn other(&mut self, request: RequestEnvelope) {
        drop(request);
    }
}

impl Feline for Tiger {
    const LEGS: u8 = 3;

    fn name(&self) -> &'static str {
        "Shere Khan"
    }

    /// Overrides the message; the text for it comes from a helper of the
    /// protocol.
    fn greet(&self) -> String {
        format!("{} Roar.", self.introduction())
    }

    async fn eat(&mut self, grams: u32) -> Result<u32, NoGood> {
        Err(NoGood(format!("only {grams}")))
    }
}

impl Tiger {
    fn introduction(&self) -> String {
        format!("Hi, it's {}.", Feline::name(self))
    }
}

impl Hungry for Tiger {
    fn limit(&self) -> u32 {
        5_000
    }
}

#[support::test]
async fn actors_share_what_a_protocol_says_or_override_it() {
    let system = System::new("felines");
    let cat = system.spawn(Cat::default()).unwrap();
    let tiger = system.spawn(Tiger).unwrap();
    assert_eq!(cat.greet().await.unwrap(), "Hi, it's Mr. Whiskers.");
    assert_eq!(tiger.greet().await.unwrap(), "Hi, it's Shere Khan. Roar.");
    assert_eq!(cat.later().await.unwrap(), 4);
    assert_eq!(tiger.later().await.unwrap(), 3);
    assert_eq!(cat.leave().await.unwrap(), "cat leaves");
    assert_eq!(cat.stopped().await, Some(StopReason::Stopped));
}

#[support::test]
async fn a_message_of_a_protocol_may_wait_and_may_fail() {
    let system = System::new("felines");
    let cat = system.spawn(Cat::default()).unwrap();
    assert_eq!(cat.eat(20).await.unwrap(), 20);
    let empty = cat.eat(0).await.unwrap_err();
    assert_eq!(empty, AskError::Handler(NoGood("empty".into())));
    assert_eq!(cat.purr().await.unwrap(), 20, "beside messages of its own");
    assert_eq!(cat.ask(FelineEat { grams: 1 }).await.unwrap(), 21);
}

#[support::test]
async fn an_actor_has_protocols_from_elsewhere_beside_messages_from_elsewhere() {
    let system = System::new("felines");
    let tiger = system.spawn(Tiger).unwrap();
    assert!(tiger.feed(4_000).await.unwrap());
    assert!(!tiger.ask(EaterFeed { grams: 6_000 }).await.unwrap());
    assert_eq!(tiger.who().await.unwrap(), "tiger");
    let name = "Mowgli".to_owned();
    assert_eq!(tiger.ask(Summon { name }).await.unwrap(), "Mowgli!");
    assert_eq!(tiger.roar(1).await.unwrap(), "Roar. ");
}

#[support::test]
async fn who_has_a_protocol_is_in_one_list() {
    let system = System::new("felines");
    let cats: Vec<_> = (0..3)
        .map(|n| system.actor(Cat::default()).urn(format!("cat-{n}")).spawn())
        .collect::<Result<_, _>>()
        .unwrap();
    let tigers: Vec<_> = (0..5)
        .map(|n| system.actor(Tiger).urn(format!("tiger-{n}")).spawn())
        .collect::<Result<_, _>>()
        .unwrap();
    let all: Vec<Recipient<FelineGreet>> = system.recipients();
    assert_eq!(all.len(), cats.len() + tigers.len());
    assert_eq!(
        all[3].ask(FelineGreet {}).await.unwrap(),
        tigers[0].greet().await.unwrap()
    );
    assert_eq!(system.recipients::<EaterWho>().len(), tigers.len());

    let boxed = [
        cats[0].recipient::<FelineLeave>(),
        tigers[0].recipient::<FelineLeave>(),
    ];
    assert_eq!(
        boxed[1].ask(FelineLeave {}).await.unwrap(),
        "tiger-0 leaves"
    );
}

/// Listing does not keep an anonymous actor alive that has no references.
#[support::test]
async fn a_list_holds_whom_it_names_and_nobody_else() {
    let system = System::new("felines");
    let pup = system.spawn(Pup("Rex".to_owned())).unwrap();
    let mut all: Vec<Recipient<FelineLater>> = system.recipients();
    let weak = pup.downgrade();
    drop(pup);
    assert_eq!(all.pop().unwrap().ask(FelineLater {}).await.unwrap(), 2);
    assert!(weak.upgrade().is_none(), "the list was the last to hold it");
    assert!(system.recipients::<FelineLater>().is_empty());
}

#[support::test]
async fn a_message_of_a_protocol_is_known_by_its_name() {
    let system = System::new("felines");
    let mut events = system.events();
    let (at_meals, mut keeper) = gate();
    let cat = Cat {
        at_meals: Some(at_meals),
        ..Cat::default()
    };
    let cat = system.spawn(cat).unwrap();
    cat.eat(1).tell().await.unwrap();
    keeper.entered().await;
    let busy = system.snapshot().actors[0].busy_with.clone();
    assert_eq!(busy.as_deref(), Some("meal"));

    cat.later().tell().await.unwrap();
    cat.kill();
    // Expects the message of the interrupted turn, and the queued one.
    let mut lost = [
        next_dead_letter(&mut events).await.message,
        next_dead_letter(&mut events).await.message,
    ];
    lost.sort_unstable();
    assert_eq!(lost, ["later", "meal"]);

    let tiger = system.spawn(Tiger).unwrap();
    tiger.stop_now().await;
    assert!(tiger.ask(EaterWho {}).tell().await.is_err());
    drop(keeper);
}

/// Message indices continue after those of the actor, protocol by protocol.
#[support::test]
fn the_names_of_all_protocols_count_on() {
    use conclib::traits::Messages;
    type Inbox = <Tiger as Actor>::Inbox;
    let names: Vec<_> = (0..10).map(<Inbox as Messages>::name).collect();
    let own = ["roar", "Summon", "#[fallback]"];
    let shared = ["greet", "meal", "leave", "later", "feed", "who"];
    assert_eq!(names[..3], own);
    assert_eq!(names[3..9], shared);
    assert_eq!(names[9], "");
}

#[actor]
struct Pup<T>(T);

#[actor(protocols(Feline))]
impl<T: AsRef<str> + Clone> Pup<T> {
    #[message]
    fn tag(&mut self) -> T {
        self.0.clone()
    }
}

impl<T: AsRef<str> + Clone> Feline for Pup<T> {
    const LEGS: u8 = 2;

    fn name(&self) -> &str {
        self.0.as_ref()
    }

    async fn eat(&mut self, grams: u32) -> Result<u32, NoGood> {
        Ok(grams)
    }
}

#[support::test]
async fn a_generic_actor_has_a_protocol() {
    let system = System::new("felines");
    let pup = system.spawn(Pup("Rex".to_owned())).unwrap();
    assert_eq!(pup.greet().await.unwrap(), "Hi, it's Rex.");
    assert_eq!(pup.eat(3).await.unwrap(), 3);
    assert_eq!(pup.tag().await.unwrap(), "Rex");
}

/// Function for any actor with these calls.
async fn hail<A: Handler<FelineGreet>>(who: &impl FelineCalls<A>) -> String {
    who.greet().await.unwrap()
}

struct Plush;

impl FelineCalls<Cat> for Plush {
    fn greet(&self) -> Call<&ActorRef<Cat>, FelineGreet> {
        Call::ready(Ok("...".to_owned()))
    }
    fn eat(&self, grams: u32) -> Call<&ActorRef<Cat>, FelineEat> {
        Call::ready(Ok(grams))
    }
    fn leave(&self) -> Call<&ActorRef<Cat>, FelineLeave> {
        Call::ready(Ok(String::new()))
    }
    fn later(&self) -> Call<&ActorRef<Cat>, FelineLater> {
        Call::ready(Ok(0))
    }
}

#[support::test]
async fn a_fake_stands_in_for_any_actor_of_a_protocol() {
    let system = System::new("felines");
    let cat = system.spawn(Cat::default()).unwrap();
    let tiger = system.spawn(Tiger).unwrap();
    assert_eq!(hail(&cat).await, "Hi, it's Mr. Whiskers.");
    assert_eq!(hail(&tiger).await, "Hi, it's Shere Khan. Roar.");
    assert_eq!(hail(&Plush).await, "...");
}

mod inheritance {
    use conclib::prelude::*;

    #[protocol]
    pub trait Parent {
        fn name(&self) -> String {
            "Parent".to_owned()
        }

        #[message]
        fn greet(&self) -> String {
            self.private()
        }

        fn private(&self) -> String {
            format!("It's {}.", self.name())
        }
    }

    /// Protocol that requires another one; an actor names both.
    #[protocol]
    pub trait Extra: Parent {
        #[message]
        fn hello(&self) -> String {
            format!("{} Hello.", self.greet())
        }
    }

    #[actor]
    pub struct Child;

    #[actor(protocols(Parent, Extra))]
    impl Child {}

    impl Parent for Child {
        fn name(&self) -> String {
            "Child".to_owned()
        }
    }

    impl Extra for Child {}
}

#[support::test]
async fn a_protocol_builds_on_another() {
    use inheritance::{Child, ExtraCalls as _, ParentCalls as _};

    let system = System::new("felines");
    let child = system.spawn(Child).unwrap();
    assert_eq!(child.greet().await.unwrap(), "It's Child.");
    assert_eq!(child.hello().await.unwrap(), "It's Child. Hello.");
}

on_every_road! {
    a_protocol_is_reached_from_outside,
}

async fn a_protocol_is_reached_from_outside(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(Cat::default())?;
    house.system.spawn(Tiger)?;
    let client = house.client().await?;
    let greeting = client.ask("cat", FelineGreet {}).await?;
    assert_eq!(greeting, "Hi, it's Mr. Whiskers.");
    let tiger = client.actor::<Tiger>("tiger")?;
    assert_eq!(tiger.greet().await?, "Hi, it's Shere Khan. Roar.");
    assert_eq!(tiger.who().await?, "tiger");
    assert_eq!(tiger.roar(2).await?, "Roar. Roar. ");
    let failed = tiger.eat(7).await.unwrap_err();
    assert_eq!(failed, AskError::Handler(NoGood("only 7".into())));
    // The cat does not have the other protocol.
    let none = client.ask("cat", EaterWho {}).await.unwrap_err();
    assert!(matches!(none, AskError::NoSuchMessage { .. }), "{none:?}");
    Ok(())
}
