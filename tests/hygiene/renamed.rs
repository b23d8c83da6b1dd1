//! The crate has another name here.

use crate::other::{Context, System, actor, message, protocol};

#[message(crate = crate::other, reply = u64)]
struct Get;

#[actor(crate = crate::other)]
struct Renamed(u64);

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
    let actor = system.spawn(Renamed(1)).unwrap();
    assert_eq!(actor.ask(Get).await.unwrap(), 1);
    assert_eq!(actor.add(2).await.unwrap(), 3);
    assert_eq!(actor.sub(1).await.unwrap(), 2);
    assert_eq!(actor.half().await.unwrap(), Some(1));
}
