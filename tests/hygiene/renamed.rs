//! The crate has another name here.

use crate::other::{System, actor, message};

#[message(crate = crate::other, reply = u64)]
struct Get;

#[actor(crate = crate::other)]
struct Renamed(u64);

#[actor(crate = crate::other)]
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
}
