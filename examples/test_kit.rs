//! A worker is tested without its collaborators: by a probe, with a fault, and
//! in a hundred orders of turns.
//!
//! `cargo run --features testing --example test_kit`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use conclib::testing;

#[message(reply = u64)]
#[derive(Debug, PartialEq)]
struct Price(String);

#[actor]
struct Till {
    prices: Recipient<Price>,
    total: u64,
}

#[actor]
impl Till {
    #[message]
    async fn scan(&mut self, item: String) {
        self.total += self.prices.ask(Price(item)).await.unwrap_or(0);
    }

    #[message]
    fn total(&self) -> u64 {
        self.total
    }
}

#[actor]
struct Customer(ActorRef<Till>);

#[actor]
impl Customer {
    #[message]
    async fn buy(&mut self, item: String) {
        let _ = self.0.scan(item).tell().await;
    }
}

#[actor]
struct Shop;

#[actor]
impl Shop {
    #[handler]
    fn price(&mut self, Price(item): Price) -> u64 {
        100 * item.len() as u64
    }
}

/// A probe stands in for the shop.
async fn the_till_asks_for_the_price() -> conclib::Result {
    let system = testing::system();
    let mut prices = testing::probe::<Price>(&system);
    let till = system.spawn(Till {
        prices: prices.recipient(),
        total: 0,
    })?;
    till.scan("tea".into()).tell().await?;
    prices.expect_eq(Price("tea".into())).await;
    prices.reply(250);
    println!("with a probe: {} cents", till.total().await?);

    testing::faults(&till).of("scan").drop_next();
    till.scan("milk".into()).tell().await?;
    prices.expect_none().await;
    println!("with a fault: {} cents", till.total().await?);
    Ok(())
}

/// The sum is the same in every order.
async fn the_order_does_not_matter(system: System) -> conclib::Result {
    let prices = system.spawn(Shop)?.recipient();
    let till = system.spawn(Till { prices, total: 0 })?;
    for item in ["tea", "milk", "bread"] {
        let customer = system.actor(Customer(till.clone())).urn(item).spawn()?;
        customer.buy(item.into()).tell().await?;
    }
    testing::quiet(&system).await;
    assert_eq!(till.total().await?, 1200);
    Ok(())
}

fn main() -> conclib::Result {
    testing::run(the_till_asks_for_the_price())?;
    testing::explore(100, the_order_does_not_matter);
    println!("in a hundred orders: 1200 cents");
    Ok(())
}
