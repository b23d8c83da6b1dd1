//! Senders of durable messages, each of which keeps many under way.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::Remote;
use conclib_redis::RedisClient;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::super::actor;
use super::history::History;
use super::scribe::ScribeNote;

/// Returns a call of the scribe, by sender 1.
pub fn note(client: &RedisClient, number: u64) -> Call<Remote, ScribeNote> {
    Call::new(actor(client, "scribe"), ScribeNote { sender: 1, number }).durable()
}

/// Sends messages with the numbers from 1 on, in that order. Every fourth is an ask.
pub async fn send(
    client: Arc<RedisClient>,
    history: History,
    sender: u64,
    count: u64,
    window: usize,
    timeout: Duration,
) {
    let mut under_way = FuturesUnordered::new();
    for number in 1..=count {
        let call = Call::new(actor(&client, "scribe"), ScribeNote { sender, number });
        let call = call.durable().timeout(timeout);
        let history = history.clone();
        let mut ending = Box::pin(async move {
            match number % 4 {
                0 => history.ended(sender, number, &call.await),
                _ => history.told(sender, number, &call.tell().await),
            }
        });
        // The first poll gives the message its place.
        let is_over = poll_fn(|cx| Poll::Ready(ending.as_mut().poll(cx).is_ready())).await;
        if !is_over {
            under_way.push(ending);
        }
        while under_way.len() >= window {
            under_way.next().await;
        }
    }
    while under_way.next().await.is_some() {}
}
