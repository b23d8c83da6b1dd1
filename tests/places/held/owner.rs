//! Actor that holds objects for the tests, and uses those of others.

use conclib::held::{Event, *};
use conclib::prelude::*;
use serde::{Deserialize, Serialize};

/// Holds objects.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Owner {
    kept: Option<ActorRef<List<u32>>>,
    guard: Option<Guard>,
    lists: Vec<Held<List<u32>>>,
    exits: u32,
}

/// Object of the user's own.
#[actor]
pub struct Witness {
    owner: WeakRef<Owner>,
    was_asked: u32,
}

#[actor]
impl Witness {
    #[message]
    fn public(&mut self) -> bool {
        self.was_asked += 1;
        self.private()
    }

    fn private(&self) -> bool {
        self.was_asked > 0
    }

    #[message]
    fn owner(&mut self) -> Option<ActorRef<Owner>> {
        self.owner.upgrade()
    }

    #[message]
    fn panic(&mut self) {
        panic!("the object has had enough");
    }
}

/// Answer that is the data itself, or a handle.
#[derive(Debug, Serialize, Deserialize)]
pub enum Data {
    Value(Vec<u32>),
    Held(Held<List<u32>>),
}

#[actor]
impl Owner {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        self.kept = Some(ctx.spawn(List::new())?);
        Ok(())
    }

    /// Counts the ends of children.
    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        self.exits += 1;
        exit.default
    }

    #[message]
    fn exits(&mut self) -> u32 {
        self.exits
    }

    #[message]
    fn children(&mut self, ctx: &mut Context<Self>) -> usize {
        ctx.children().len()
    }

    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    fn me(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        ctx.me()
    }

    /// The list that the owner keeps.
    #[message]
    fn kept(&mut self, ctx: &mut Context<Self>) -> Held<List<u32>> {
        ctx.lend(self.kept.as_ref().unwrap())
    }

    #[message]
    fn list(&mut self, items: Vec<u32>, ctx: &mut Context<Self>) -> Held<List<u32>> {
        ctx.hold(List::from(items))
    }

    #[message]
    fn data(&mut self, as_held: bool, ctx: &mut Context<Self>) -> Data {
        match as_held {
            true => Data::Held(ctx.hold(List::from(vec![1, 2, 3]))),
            false => Data::Value(vec![1, 2, 3]),
        }
    }

    #[message]
    fn map(&mut self, ctx: &mut Context<Self>) -> Held<Map<String, u32>> {
        ctx.hold(Map::new())
    }

    #[message]
    fn value(&mut self, value: u32, ctx: &mut Context<Self>) -> Held<Value<u32>> {
        ctx.hold(Value::new(value))
    }

    #[message]
    fn queue(&mut self, capacity: usize, ctx: &mut Context<Self>) -> Held<Queue<u32>> {
        ctx.hold(Queue::bounded(capacity))
    }

    #[message]
    fn event(&mut self, ctx: &mut Context<Self>) -> Held<Event> {
        ctx.hold(Event::new())
    }

    #[message]
    fn lock(&mut self, ctx: &mut Context<Self>) -> Held<Lock> {
        ctx.hold(Lock::new())
    }

    #[message]
    fn rw_lock(&mut self, ctx: &mut Context<Self>) -> Held<RwLock> {
        ctx.hold(RwLock::new())
    }

    #[message]
    fn semaphore(&mut self, permits: usize, ctx: &mut Context<Self>) -> Held<Semaphore> {
        ctx.hold(Semaphore::new(permits))
    }

    #[message]
    fn condition(&mut self, ctx: &mut Context<Self>) -> Held<Condition> {
        ctx.hold(Condition::new())
    }

    #[message]
    fn barrier(&mut self, size: usize, ctx: &mut Context<Self>) -> Held<Barrier> {
        ctx.hold(Barrier::new(size))
    }

    #[message]
    fn iter(&mut self, to: u32, ctx: &mut Context<Self>) -> Held<Iter<u32>> {
        ctx.hold(Iter::new(0..to))
    }

    #[message]
    fn witness(&mut self, ctx: &mut Context<Self>) -> Held<Witness> {
        let (owner, was_asked) = (ctx.me().downgrade(), 0);
        ctx.hold(Witness { owner, was_asked })
    }

    /// Work that ends with the event, in a panic if it is told so.
    #[message]
    fn work(
        &mut self,
        event: Held<Event>,
        panics: bool,
        ctx: &mut Context<Self>,
    ) -> Held<Background<u32>> {
        ctx.hold(Background::run(async move {
            event.wait().await.unwrap();
            assert!(!panics, "the work has failed");
            42
        }))
    }

    /// Adds one to a value, under a lock.
    #[message]
    async fn increment(&mut self, lock: Held<Lock>, value: Held<Value<u32>>) -> bool {
        let guard = lock.lock().await.unwrap();
        let read = value.get().await.unwrap();
        value.set(read + 1).await.unwrap();
        guard.unlock().await.is_ok()
    }

    #[message]
    async fn take_lock(&mut self, lock: Held<Lock>) -> bool {
        self.guard = lock.lock().await.ok();
        self.guard.is_some()
    }

    #[message]
    fn take(&mut self, guard: Guard) {
        self.guard = Some(guard);
    }

    #[message]
    async fn give_back(&mut self) -> bool {
        match self.guard.take() {
            Some(guard) => guard.unlock().await.is_ok(),
            None => false,
        }
    }

    /// Reads a list of another actor.
    #[message]
    async fn read(&mut self, list: Held<List<u32>>) -> Vec<u32> {
        list.push(std::process::id()).await.unwrap();
        list.slice(0, 100).await.unwrap()
    }

    #[message]
    fn echo(&mut self, list: Held<List<u32>>) -> Held<List<u32>> {
        list
    }

    /// Gets a list from another owner, sends it there and back, and keeps it.
    #[message]
    async fn fetch(&mut self, owner: ActorRef<Self>) -> bool {
        let list = owner.list(vec![5]).await.unwrap();
        let back = owner.echo(list.clone()).await.unwrap();
        back.push(6).await.unwrap();
        let is_same = back == list && list.slice(0, 9).await.unwrap() == [5, 6];
        self.lists.push(list);
        is_same
    }

    #[message]
    fn keep(&mut self, list: Held<List<u32>>) {
        self.lists.push(list);
    }

    #[message]
    fn give(&mut self) -> Option<Held<List<u32>>> {
        self.lists.pop()
    }

    #[message]
    async fn end_object(&mut self, list: Held<List<u32>>) -> String {
        list.stop().await.to_string()
    }

    /// Puts numbers into a queue.
    #[message]
    async fn produce(&mut self, queue: Held<Queue<u32>>, from: u32, count: u32) {
        for number in from..from + count {
            queue.put(number).await.unwrap();
        }
    }

    /// Takes numbers until there comes a zero.
    #[message]
    async fn consume(&mut self, queue: Held<Queue<u32>>) -> Vec<u32> {
        let mut taken = Vec::new();
        loop {
            match queue.get().await.unwrap() {
                0 => return taken,
                number => taken.push(number),
            }
            queue.done().await.unwrap();
        }
    }

    #[message]
    async fn meet(&mut self, barrier: Held<Barrier>) -> usize {
        barrier.wait().await.unwrap()
    }
}
