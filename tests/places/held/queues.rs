//! Queues: each item is taken once, whoever gives up.

use std::time::Duration;

use conclib::Place;
use conclib::held::*;
use conclib::prelude::*;
use nix::sys::signal::Signal;

use super::owner::OwnerCalls as _;
use super::{owner_in, owner_process};
use crate::actors::signal;
use crate::at::on_every_place;

on_every_place! {
    one_system:
    items_are_taken_in_the_order_they_were_put,
    items_are_put_in_the_order_of_their_requests,
    a_full_queue_waits_or_refuses,
    a_wait_that_is_given_up_swallows_no_item,
    an_item_left_unread_comes_back,
    an_item_that_comes_back_makes_no_further_place,
    a_put_that_is_given_up_puts_nothing,
    a_join_waits_until_all_items_are_done,
    three_producers_and_two_consumers,
    a_taker_that_is_killed_swallows_no_item,
}

const SHORT: Duration = Duration::from_millis(20);

async fn items_are_taken_in_the_order_they_were_put(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(100).await?;
    let mut waits = Vec::new();
    for _ in 0..100 {
        waits.push(queue.get().reply().await?);
    }
    for number in 0..103 {
        queue.put(number).await?;
    }
    for (number, wait) in (0..).zip(waits) {
        assert_eq!(wait.await?, number);
    }
    assert_eq!(queue.len().await?, 3);
    assert_eq!(queue.get().await?, 100);
    assert_eq!(queue.try_get().await?, Some(101));
    assert_eq!(queue.try_get().await?, Some(102));
    assert_eq!(queue.try_get().await?, None);
    Ok(())
}

/// The order is that of the requests, also where the putters had to wait.
async fn items_are_put_in_the_order_of_their_requests(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(1).await?;
    let mut puts = Vec::new();
    for number in 0..100 {
        puts.push(queue.put(number).reply().await?);
    }
    for number in 0..100 {
        assert_eq!(queue.get().await?, number);
    }
    for put in puts {
        put.await?;
    }
    Ok(())
}

async fn a_full_queue_waits_or_refuses(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(1).await?;
    queue.put(1).await?;
    let refused = queue.try_put(2).await.unwrap_err();
    assert!(matches!(refused, AskError::Handler(Full)), "{refused:?}");
    let waits = queue.put(3).reply().await?;
    assert_eq!(queue.len().await?, 1);
    assert_eq!(queue.get().await?, 1);
    waits.await?;
    assert_eq!(queue.get().await?, 3);
    queue.try_put(4).await?;
    assert_eq!(queue.get().await?, 4);
    Ok(())
}

async fn a_wait_that_is_given_up_swallows_no_item(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(10).await?;
    assert!(queue.get().timeout(SHORT).await.is_err());
    let (given_up, stays) = (queue.get().reply().await?, queue.get().reply().await?);
    drop(given_up);
    // Behind the cancellation, over the same connection.
    queue.put(1).await?;
    assert_eq!(stays.await?, 1);
    queue.put(2).await?;
    assert_eq!(queue.get().await?, 2);
    Ok(())
}

/// An item that is on its way to another process does not come back.
async fn an_item_left_unread_comes_back(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(10).await?;
    for number in 1..4 {
        queue.put(number).await?;
    }
    let unread = queue.get().reply().await?;
    assert_eq!(queue.len().await?, 2);
    drop(unread);
    if place != Place::Process {
        assert_eq!(queue.get().await?, 1);
    }
    assert_eq!(queue.get().await?, 2);
    assert_eq!(queue.get().await?, 3);
    Ok(())
}

async fn an_item_that_comes_back_makes_no_further_place(place: Place) -> conclib::Result {
    if place == Place::Process {
        // An item on its way to another process does not come back.
        return Ok(());
    }
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(1).await?;
    for number in [1, 3] {
        queue.put(number).await?;
        let unread = queue.get().reply().await?;
        queue.put(number + 1).await?;
        drop(unread);
        assert_eq!(queue.get().await?, number);
        assert!(queue.try_put(0).await.is_err(), "another has its place");
        assert_eq!(queue.get().await?, number + 1);
    }
    queue.put(5).await?;
    assert!(queue.try_put(6).await.is_err());
    Ok(())
}

async fn a_put_that_is_given_up_puts_nothing(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(1).await?;
    queue.put(1).await?;
    let given_up = queue.put(2).reply().await?;
    let stays = queue.put(3).reply().await?;
    drop(given_up);
    assert_eq!(queue.get().await?, 1);
    stays.await?;
    assert_eq!(queue.get().await?, 3);
    assert_eq!(queue.try_get().await?, None);
    Ok(())
}

async fn a_join_waits_until_all_items_are_done(place: Place) -> conclib::Result {
    let system = System::new("test");
    let queue = owner_in(&system, place).await?.queue(10).await?;
    queue.join().await?;
    queue.put(1).await?;
    queue.put(2).await?;
    let joins = queue.join().reply().await?;
    for _ in 0..2 {
        assert!(queue.join().timeout(SHORT).await.is_err());
        queue.get().await?;
        queue.done().await?;
    }
    joins.await?;
    let error = queue.done().await.unwrap_err();
    assert!(matches!(error, AskError::Handler(TooManyDone)), "{error:?}");
    Ok(())
}

async fn three_producers_and_two_consumers(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let queue = owner.queue(16).await?;
    // Workers are in processes of their own, wherever the queue is.
    let mut workers = Vec::new();
    for _ in 0..5 {
        workers.push(owner_in(&system, Place::Process).await?);
    }
    let (producers, consumers) = workers.split_at(3);
    let mut taken = Vec::new();
    for consumer in consumers {
        taken.push(consumer.consume(queue.clone()).reply().await?);
    }
    let mut put = Vec::new();
    for (at, producer) in (0..).zip(producers) {
        let from = at * 100 + 1;
        put.push(producer.produce(queue.clone(), from, 100).reply().await?);
    }
    for put in put {
        put.await?;
    }
    queue.join().await?;
    for _ in consumers {
        queue.put(0).await?;
    }
    let mut all = Vec::new();
    for taken in taken {
        all.extend(taken.await?);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=300).collect::<Vec<u32>>());
    Ok(())
}

async fn a_taker_that_is_killed_swallows_no_item(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let (queue, lock) = (owner.queue(10).await?, owner.lock().await?);
    let (taker, process) = owner_process(&system).await?;
    assert!(taker.take_lock(lock.clone()).await?);
    let waits = taker.consume(queue.clone()).reply().await?;
    // The taker waits for another item once this one is done.
    queue.put(1).await?;
    queue.join().await?;
    signal(process.pid, Signal::SIGKILL);
    assert!(waits.await.is_err());
    // The lock is free once its process has heard of the end.
    assert!(lock.lock().await?.is_poisoned());
    queue.put(2).await?;
    assert_eq!(queue.get().await?, 2);
    Ok(())
}
