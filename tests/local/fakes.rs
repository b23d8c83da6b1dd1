//! Code written against the call trait of an actor can be tested without the
//! actor.

use std::cell::Cell;

use conclib::prelude::*;
use support::NoGood;

#[actor]
struct Till {
    cents: u64,
}

#[actor]
impl Till {
    #[message]
    fn add(&mut self, cents: u64) -> u64 {
        self.cents += cents;
        self.cents
    }

    #[message]
    fn take(&mut self, cents: u64) -> Result<u64, NoGood> {
        self.cents = self
            .cents
            .checked_sub(cents)
            .ok_or_else(|| NoGood("too little".into()))?;
        Ok(self.cents)
    }
}

/// Code under test: takes anything with the calls of a till.
async fn buy(till: &impl TillCalls, price: u64) -> Result<u64, AskError<NoGood>> {
    till.add(1).tell().await.expect("the till is open");
    let change = till.take(price).await?;
    Ok(change)
}

/// Fake till with unlimited money, or none.
struct FakeTill {
    answer: Result<u64, AskError<NoGood>>,
    asked: Cell<u64>,
}

impl TillCalls for FakeTill {
    fn add(&self, _: u64) -> Call<&ActorRef<Till>, TillAdd> {
        Call::ready(Ok(0))
    }

    fn take(&self, cents: u64) -> Call<&ActorRef<Till>, TillTake> {
        self.asked.set(cents);
        Call::ready(self.answer.clone())
    }
}

#[support::test]
async fn a_fake_stands_in_for_the_actor() {
    let system = System::new("fakes");
    let till = system.spawn(Till { cents: 10 }).unwrap();
    assert_eq!(buy(&till, 5).await, Ok(6));
    assert_eq!(
        buy(&till, 50).await,
        Err(AskError::Handler(NoGood("too little".into())))
    );

    for answer in [
        Ok(7),
        Err(AskError::Handler(NoGood("fake".into()))),
        Err(AskError::Stopped {
            urn: "fake".parse().unwrap(),
            delivery: Delivery::MayHaveRun,
        }),
    ] {
        let fake = FakeTill {
            answer: answer.clone(),
            asked: Cell::default(),
        };
        assert_eq!(buy(&fake, 3).await, answer);
        assert_eq!(fake.asked.get(), 3);
    }
}

/// Call that is already answered.
fn ready() -> Call<&'static ActorRef<Till>, TillAdd> {
    Call::ready(Ok(7))
}

#[support::test]
async fn a_ready_call_answers_in_every_way_it_can_be_made() {
    assert_eq!(ready().await, Ok(7));
    assert_eq!(ready().timeout(std::time::Duration::ZERO).await, Ok(7));
    assert_eq!(ready().owned().await, Ok(7));
    assert_eq!(ready().reply().await.unwrap().await, Ok(7));
    assert!(ready().tell().await.is_ok());
    assert!(ready().try_tell().is_ok());
    assert_eq!(ready().blocking(), Ok(7));
}
