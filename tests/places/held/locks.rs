//! Locks: who has them, who waits, and who dies.

use std::time::{Duration, Instant};

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
    a_lock_has_one_holder_at_a_time,
    a_guard_that_is_dropped_poisons_the_lock,
    a_wait_for_a_lock_that_is_given_up_takes_nothing,
    a_guard_left_unread_is_no_lost_guard,
    readers_share_and_a_writer_is_alone,
    readers_go_on_when_a_waiting_writer_gives_up,
    a_semaphore_has_so_many_holders,
    a_condition_gives_its_lock_back_while_it_waits,
    a_wait_for_a_condition_that_is_given_up_passes_its_notification_on,
    a_guard_is_given_to_another_process,
    the_holder_of_a_lock_is_killed,
    processes_take_turns_with_a_lock,
}

const SHORT: Duration = Duration::from_millis(20);

async fn a_lock_has_one_holder_at_a_time(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let guard = lock.lock().await?;
    assert!(lock.is_locked().await?);
    assert!(lock.try_lock().await?.is_none());
    let mut waits = Vec::new();
    for _ in 0..3 {
        waits.push(lock.lock().reply().await?);
    }
    let copy = guard.clone();
    guard.unlock().await?;
    assert!(copy.unlock().await.is_err());
    for wait in waits {
        let guard = wait.await?;
        assert!(!guard.is_poisoned());
        assert!(lock.is_locked().await?);
        guard.unlock().await?;
    }
    let guard = lock.try_lock().await?.unwrap();
    guard.unlock().await?;
    Ok(())
}

async fn a_guard_that_is_dropped_poisons_the_lock(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let guard = lock.lock().await?;
    let next = lock.lock().reply().await?;
    drop(guard);
    let guard = next.await?;
    assert!(guard.is_poisoned());
    guard.unlock().await?;
    // The next one is told, and no other.
    let guard = lock.lock().await?;
    assert!(!guard.is_poisoned());
    guard.unlock().await?;
    Ok(())
}

async fn a_wait_for_a_lock_that_is_given_up_takes_nothing(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let guard = lock.lock().await?;
    let given_up = lock.lock().reply().await?;
    let stays = lock.lock().reply().await?;
    drop(given_up);
    assert!(lock.lock().timeout(SHORT).await.is_err());
    guard.unlock().await?;
    let guard = stays.await?;
    assert!(!guard.is_poisoned());
    guard.unlock().await?;
    lock.lock().await?.unlock().await?;
    Ok(())
}

/// A guard comes back as it was. Over a process line the loss poisons.
async fn a_guard_left_unread_is_no_lost_guard(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let unread = lock.lock().reply().await?;
    assert!(lock.is_locked().await?);
    drop(unread);
    let guard = lock.lock().await?;
    assert!(!guard.is_poisoned() || place == Place::Process);
    guard.unlock().await?;
    Ok(())
}

async fn readers_share_and_a_writer_is_alone(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.rw_lock().await?;
    let (one, two) = (lock.read().await?, lock.read().await?);
    assert!(lock.try_write().await?.is_none());
    let writes = lock.write().reply().await?;
    // A reader that comes later waits behind the writer.
    assert!(lock.try_read().await?.is_none());
    let reads = lock.read().reply().await?;
    one.unlock().await?;
    // The loss of a reader is no harm.
    drop(two);
    let writer = writes.await?;
    assert!(!writer.is_poisoned());
    drop(writer);
    reads.await?.unlock().await?;
    assert!(lock.write().await?.is_poisoned());
    Ok(())
}

async fn readers_go_on_when_a_waiting_writer_gives_up(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.rw_lock().await?;
    let reader = lock.read().await?;
    let writes = lock.write().reply().await?;
    let reads = lock.read().reply().await?;
    drop(writes);
    reads.await?.unlock().await?;
    reader.unlock().await?;
    Ok(())
}

async fn a_semaphore_has_so_many_holders(place: Place) -> conclib::Result {
    let system = System::new("test");
    let seats = owner_in(&system, place).await?.semaphore(2).await?;
    let (one, two) = (seats.acquire().await?, seats.acquire().await?);
    assert!(seats.try_acquire().await?.is_none());
    assert!(seats.acquire().timeout(SHORT).await.is_err());
    let next = seats.acquire().reply().await?;
    // The loss of a guard gives its permit back.
    drop(one);
    next.await?.unlock().await?;
    two.unlock().await?;
    assert_eq!(seats.available().await?, 2);
    Ok(())
}

async fn a_condition_gives_its_lock_back_while_it_waits(place: Place) -> conclib::Result {
    let system = System::new("test");
    let condition = owner_in(&system, place).await?.condition().await?;
    // Without waiters nothing happens.
    condition.notify(1).await?;
    let mut waits = Vec::new();
    for _ in 0..3 {
        let guard = condition.lock().await?;
        waits.push(condition.wait(guard).reply().await?);
    }
    let guard = condition.lock().await?;
    condition.notify(1).await?;
    guard.unlock().await?;
    let mut waits = waits.into_iter();
    waits.next().unwrap().await?.unlock().await?;
    condition.notify_all().await?;
    for wait in waits {
        let guard = wait.await?;
        assert!(!guard.is_poisoned());
        guard.unlock().await?;
    }
    Ok(())
}

async fn a_wait_for_a_condition_that_is_given_up_passes_its_notification_on(
    place: Place,
) -> conclib::Result {
    let system = System::new("test");
    let condition = owner_in(&system, place).await?.condition().await?;
    let mut waits = Vec::new();
    for _ in 0..2 {
        let guard = condition.lock().await?;
        waits.push(condition.wait(guard).reply().await?);
    }
    let guard = condition.lock().await?;
    condition.notify(1).await?;
    // Notified, and waiting for the lock.
    drop(waits.remove(0));
    // A wait that has been cancelled by now passes its notification on.
    let next = waits.remove(0);
    guard.unlock().await?;
    next.await?.unlock().await?;
    Ok(())
}

async fn a_guard_is_given_to_another_process(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let (holder, _) = owner_process(&system).await?;
    holder.take(lock.lock().await?).await?;
    assert!(lock.is_locked().await?);
    assert!(holder.give_back().await?);
    let guard = lock.lock().await?;
    assert!(!guard.is_poisoned());
    guard.unlock().await?;
    Ok(())
}

async fn the_holder_of_a_lock_is_killed(place: Place) -> conclib::Result {
    let system = System::new("test");
    let lock = owner_in(&system, place).await?.lock().await?;
    let (holder, process) = owner_process(&system).await?;
    assert!(holder.take_lock(lock.clone()).await?);
    let next = lock.lock().reply().await?;
    let killed = Instant::now();
    signal(process.pid, Signal::SIGKILL);
    let guard = next.await?;
    assert!(guard.is_poisoned());
    assert!(killed.elapsed() < Duration::from_secs(1));
    guard.unlock().await?;
    Ok(())
}

async fn processes_take_turns_with_a_lock(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let (lock, value) = (owner.lock().await?, owner.value(0).await?);
    let mut turns = Vec::new();
    for _ in 0..2 {
        let worker = owner_in(&system, Place::Process).await?;
        for _ in 0..20 {
            let turn = worker.increment(lock.clone(), value.clone());
            turns.push(turn.reply().await?);
        }
    }
    for turn in turns {
        assert!(turn.await?);
    }
    assert_eq!(value.get().await?, 40);
    Ok(())
}
