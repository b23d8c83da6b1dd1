//! Actors in a crate that has conclib under another name.

use crate::other::{Context, System, actor, message, part, protocol};

#[message(crate = crate::other, reply = u64)]
struct Get;

#[actor(crate = crate::other)]
struct Renamed(u64, Rest);

#[actor(crate = crate::other)]
struct Rest {
    #[other::field(get)]
    rest: u8,
}

#[actor(crate = crate::other, protocols(RestFields))]
impl Rest {}

#[part(crate = crate::other)]
impl Rest {
    #[other::message]
    fn half_of_it(&mut self) -> u8 {
        self.rest / 2
    }
}

#[protocol(crate = crate::other)]
trait Halves {
    #[other::message]
    fn half(&mut self, ctx: &mut Context<Self>) -> Option<u64>;
}

impl Halves for Renamed {
    fn half(&mut self, ctx: &mut Context<Self>) -> Option<u64> {
        ctx.system()
            .get::<Self>("none")
            .is_err()
            .then_some(self.0 / 2)
    }
}

#[actor(crate = crate::other, protocols(Halves))]
impl Renamed {
    #[handler]
    fn get(&mut self, _: Get) -> u64 {
        self.0
    }

    #[other::part]
    fn rest(&mut self) -> &mut Rest {
        &mut self.1
    }

    #[other::message(batch = 4)]
    fn add_all(&mut self, all: Vec<u64>) -> Result<(), other::error::Fault> {
        self.0 += all.iter().sum::<u64>();
        Ok(())
    }

    #[other::message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }

    #[cfg(test)]
    #[message]
    fn sub(&mut self, by: u64) -> u64 {
        self.0 -= by;
        self.0
    }
}

#[tokio::test]
async fn it_runs() {
    let system = System::new("renamed");
    let actor = system.spawn(Renamed(1, Rest { rest: 6 })).unwrap();
    assert_eq!(actor.ask(Get).await.unwrap(), 1);
    assert_eq!(actor.add(2).await.unwrap(), 3);
    assert_eq!(actor.sub(1).await.unwrap(), 2);
    assert_eq!(actor.rest().half_of_it().await.unwrap(), 3);
    let rest = system.spawn(Rest { rest: 5 }).unwrap();
    assert_eq!(rest.rest().await.unwrap(), 5);
    assert_eq!(actor.half().await.unwrap(), Some(1));
}
