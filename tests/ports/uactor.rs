//! Tests of uactor, with their names, in terms of this library. Each actor has a process of its own.
//! docs/ported-tests.md has a line about each.

use conclib::held::*;
use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use support::child::Process;
use support::{Log, until};

fn process_of(pid: u32) -> Process {
    let found = Process::family(pid).into_iter().find(|it| it.pid == pid);
    found.unwrap()
}

/// Keeps the notes of another process.
#[actor]
struct Notes(Log);

#[actor]
impl Notes {
    #[message]
    fn note(&mut self, text: String) {
        self.0.add(text);
    }
}

#[actor]
struct Lifetime {
    notes: ActorRef<Notes>,
}

#[actor]
impl Lifetime {
    #[on(create)]
    async fn create(notes: ActorRef<Notes>) -> Result<Self, AskError> {
        notes.note("Initialized".into()).await?;
        Ok(Self { notes })
    }

    #[message]
    async fn enter(&mut self) -> Result<(), AskError> {
        self.notes.note("Context enter".into()).await
    }

    #[message]
    async fn exit(&mut self) -> Result<(), AskError> {
        self.notes.note("Context exit".into()).await
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.notes.note("Shutdown".into()).await.unwrap();
    }
}

#[support::test]
async fn lifetime() -> conclib::Result {
    let system = System::new("test");
    let log = Log::default();
    let notes = system.spawn(Notes(log.clone()))?;
    let ended = {
        let actor = system.create::<Lifetime>(notes.clone()).in_process();
        let actor = actor.spawn().await?.scoped();
        actor.enter().await?;
        actor.exit().await?;
        actor.clone()
    };
    ended.stopped().await;
    let lines = ["Initialized", "Context enter", "Context exit", "Shutdown"];
    assert_eq!(log.lines(), lines);
    let error = ended.enter().await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error:?}");
    // A stop inside of the block, and another one, are fine.
    let actor = system.create::<Lifetime>(notes).in_process();
    let actor = actor.spawn().await?.scoped();
    assert_eq!(actor.stop().await, StopReason::Stopped);
    assert_eq!(actor.stop().await, StopReason::Stopped);
    Ok(())
}

/// Holds objects, and does with others what the tests want.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Actor1 {
    data: Option<ActorRef<List<u32>>>,
    nested: Option<ActorRef<Actor1>>,
    #[field(get, set)]
    property: u32,
}

#[actor(protocols(Actor1Fields))]
impl Actor1 {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        self.data = Some(ctx.spawn(List::from(vec![1, 2, 3]))?);
        Ok(())
    }

    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    fn me(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        ctx.me()
    }

    #[message]
    fn list(&mut self, ctx: &mut Context<Self>) -> Held<List<u32>> {
        ctx.lend(self.data.as_ref().unwrap())
    }

    #[message]
    fn map(&mut self, ctx: &mut Context<Self>) -> Held<Map<String, u32>> {
        ctx.hold(Map::new())
    }

    #[message]
    fn value(&mut self, ctx: &mut Context<Self>) -> Held<Value<u32>> {
        ctx.hold(Value::new(7))
    }

    #[message]
    fn auto(&mut self, ctx: &mut Context<Self>) -> Held<MyClass> {
        ctx.hold(MyClass)
    }

    /// Reads a list of another actor.
    #[message]
    async fn read(&mut self, list: Held<List<u32>>) -> Vec<u32> {
        list.slice(0, 100).await.unwrap()
    }

    #[message]
    fn echo(&mut self, list: Held<List<u32>>) -> Held<List<u32>> {
        list
    }

    #[message]
    async fn send(&mut self, to: Recipient<Ping>) -> String {
        to.ask(Ping).await.unwrap()
    }

    #[handler]
    fn receive(&mut self, _: Ping) -> String {
        "pong".into()
    }

    /// Starts an actor in another process, once.
    #[message]
    async fn nested(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        if self.nested.is_none() {
            let nested = ctx.actor(Self::default()).in_process().spawn().await;
            self.nested = nested.ok();
        }
        self.nested.clone().unwrap()
    }
}

#[message(reply = String)]
pub struct Ping;

/// Has a method that is no message.
#[actor]
pub struct MyClass;

#[actor]
impl MyClass {
    #[message]
    fn public(&mut self) -> bool {
        self.private()
    }

    fn private(&self) -> bool {
        true
    }
}

async fn actor(system: &System) -> ActorRef<Actor1> {
    let actor = system.actor(Actor1::default()).in_process();
    actor.spawn().await.unwrap()
}

#[support::test]
async fn actor_proxies() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    let list = actor.list().await?;
    list.push(4).await?;
    assert_eq!(actor.list().await?.slice(0, 9).await?, [1, 2, 3, 4]);
    let map = actor.map().await?;
    map.insert("a".into(), 1).await?;
    assert_eq!(map.get("a".into()).await?, Some(1));
    assert_eq!(actor.value().await?.get().await?, 7);
    Ok(())
}

/// Types have no registry that could mix them up: an actor of the user's may have the name of a
/// ready-made one.
mod own {
    use conclib::prelude::*;

    #[actor]
    pub struct List;

    #[actor]
    impl List {
        #[message]
        fn push(&mut self, item: u32) -> u32 {
            item
        }
    }
}

#[support::test]
async fn proxies_do_not_override() -> conclib::Result {
    let system = System::new("test");
    let own = system.spawn(own::List)?;
    assert_eq!(own::ListCalls::push(&own, 5).await?, 5);
    let list = system.spawn(List::from(vec![1]))?;
    list.push(2).await?;
    assert_eq!(list.len().await?, 2);
    Ok(())
}

#[support::test]
async fn auto_proxies() -> conclib::Result {
    let system = System::new("test");
    let object = actor(&system).await.auto().await?;
    // `object.private()` does not compile.
    assert!(object.public().await?);
    Ok(())
}

/// The original raises an error for a proxy that is made outside of an actor, and for a second one
/// with another type. The first does not compile here; the second is no error.
#[support::test]
async fn proxy_errors() -> conclib::Result {
    let system = System::new("test");
    let list = actor(&system).await.list().await?;
    let push: Recipient<ListPush<u32>> = list.recipient();
    push.ask(ListPush { item: 4 }).await?;
    assert_eq!(list.len().await?, 4);
    assert!(list.type_name().contains("List"));
    list.stop().await;
    assert!(list.len().await.is_err());
    Ok(())
}

/// A proxy needs nothing but itself to be used in another process.
#[support::test]
async fn proxy_manager_injection() -> conclib::Result {
    let system = System::new("test");
    let (one, two) = (actor(&system).await, actor(&system).await);
    assert_eq!(two.read(one.list().await?).await?, [1, 2, 3]);
    Ok(())
}

#[support::test]
async fn chaining() -> conclib::Result {
    let system = System::new("test");
    let (one, two) = (actor(&system).await, actor(&system).await);
    assert_eq!(one.send(two.recipient()).await?, "pong");
    let list = one.list().await?;
    let back = two.echo(list.clone()).await?;
    assert_eq!(back, list);
    back.push(4).await?;
    assert_eq!(list.slice(0, 9).await?, [1, 2, 3, 4]);
    Ok(())
}

#[support::test]
async fn actor_properties() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    actor.set_property(5).await?;
    assert_eq!(actor.clone().property().await?, 5);
    assert_eq!(actor.me().await?.property().await?, 5);
    Ok(())
}

#[support::test]
async fn nested_managers() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    let nested = actor.nested().await?;
    let pids = [
        std::process::id(),
        actor.process().await?,
        nested.process().await?,
    ];
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2]);
    let process = process_of(pids[2]);
    actor.stop().await;
    until(|| !process.is_alive()).await;
    Ok(())
}

#[support::test]
async fn nested_references() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    let (one, two) = (actor.nested().await?, actor.nested().await?);
    assert_eq!(one, two);
    assert_eq!(one.urn(), two.urn());
    assert_eq!(one.process().await?, two.process().await?);
    Ok(())
}

#[support::test]
async fn actor_proxy_issues() -> conclib::Result {
    let system = System::new("test");
    let (one, two) = (actor(&system).await, actor(&system).await);
    assert_eq!(one.me().await?, one);
    assert_ne!(one.me().await?, two);
    assert_eq!(one.me().await?.process().await?, one.process().await?);
    Ok(())
}

#[support::test]
async fn manager_reference_counting() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    let process = process_of(actor.process().await?);
    let copy = actor.clone();
    drop(actor);
    assert!(process.is_alive());
    assert!(copy.process().await? > 0);
    drop(copy);
    until(|| !process.is_alive()).await;
    Ok(())
}

#[support::test]
async fn manager_trailing_reference_counting() -> conclib::Result {
    let system = System::new("test");
    let actor = actor(&system).await;
    let process = process_of(actor.process().await?);
    let list = actor.list().await?;
    drop(actor);
    assert_eq!(list.slice(0, 9).await?, [1, 2, 3]);
    assert!(process.is_alive());
    drop(list);
    until(|| !process.is_alive()).await;
    Ok(())
}
