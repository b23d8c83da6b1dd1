//! Methods of a pool: the messages of its workers, of their protocols and of their parts.

use std::collections::HashSet;

use conclib::Place;
use conclib::prelude::*;
use support::pool_at;

support::on_every_place! {
    a_pool_takes_messages_by_methods_like_a_reference,
}

#[protocol]
pub trait Speaker: Actor {
    #[message]
    fn greet(&self, name: String) -> String;
}

#[derive(Default)]
pub struct Tally {
    sum: u64,
}

#[part]
impl Tally {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }
}

#[actor]
#[derive(Default)]
pub struct Clerk {
    tally: Tally,
}

impl Speaker for Clerk {
    fn greet(&self, name: String) -> String {
        format!("Hello, {name}!")
    }
}

#[actor(protocols(Speaker))]
impl Clerk {
    #[message]
    fn who(&self, ctx: &mut Context<Self>) -> Urn {
        ctx.urn()
    }

    #[part]
    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

async fn a_pool_takes_messages_by_methods_like_a_reference(place: Place) {
    let system = System::new("pool");
    let pool = pool_at!(system.pool(Clerk::default).size(2), place);
    let (first, second) = (pool.who().await.unwrap(), pool.who().await.unwrap());
    assert_eq!(HashSet::from([first, second]).len(), 2);
    assert_eq!(pool.greet("Ada".into()).await.unwrap(), "Hello, Ada!");

    pool.resize(1).unwrap();
    assert_eq!(pool.tally().add(2).await, Ok(2));
    pool.tally().add(3).tell().await.unwrap();
    assert_eq!(pool.workers()[0].tally().add(1).await, Ok(6));

    let task = tokio::spawn(pool.who().owned().into_future());
    assert_eq!(task.await.unwrap(), Ok(pool.workers()[0].urn()));
}
