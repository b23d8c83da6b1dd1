//! One connection, many askers.

mod support;

use std::sync::Arc;

use conclib::prelude::*;
use support::{Desk, DeskDouble, House, Ponder, ask, doubles, soon};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_2000_askers_gets_its_own_answer() {
    let house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let mut askers = JoinSet::new();
    for n in 0..2000 {
        let client = client.clone();
        askers.spawn(async move { (n, ask(&client, DeskDouble { n }).await) });
    }
    while let Some(asker) = soon(askers.join_next()).await {
        let (n, answer) = asker.unwrap();
        assert_eq!(answer, Ok(2 * n));
    }
    assert_eq!(client.stats().in_flight, 0);
    assert_eq!(client.stats().late, 0);
}
