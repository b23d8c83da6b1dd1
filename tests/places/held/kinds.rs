//! The ready-made objects.

use std::collections::HashSet;
use std::time::Duration;

use conclib::Place;
use conclib::held::*;
use conclib::prelude::*;

use super::owner::{Data, OwnerCalls as _};
use super::owner_in;
use crate::at::on_every_place;

on_every_place! {
    one_system:
    two_holders_share_a_list,
    a_list_is_read_and_changed,
    a_list_is_sent_item_by_item,
    a_map_is_read_and_changed,
    a_value_is_compared_and_set,
    an_answer_is_data_or_a_handle,
    an_event_ends_waits,
    a_barrier_lets_all_go_together,
    an_asker_that_gave_up_does_not_count_at_a_barrier,
    an_iterator_gives_each_item_once,
    work_goes_on_beside_the_turns_of_its_actor,
    a_panic_of_work_is_its_result,
    an_object_of_ones_own_is_an_actor,
    a_recipient_is_another_view_of_an_object,
    a_list_is_changed_while_iterators_over_it_are_read,
}

/// Time in which a wait that has no reason to end does not end.
const SHORT: Duration = Duration::from_millis(20);

async fn two_holders_share_a_list(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let (one, two) = (owner.kept().await?, owner.kept().await?);
    assert_eq!(one, two);
    one.push(1).await?;
    two.push(2).await?;
    assert_eq!(one.slice(0, 2).await?, [1, 2]);
    // Another list is another object.
    let other = owner.list(vec![7]).await?;
    assert_ne!(other, one);
    assert_eq!(other.slice(0, 9).await?, [7]);
    Ok(())
}

async fn a_list_is_read_and_changed(place: Place) -> conclib::Result {
    let system = System::new("test");
    let list = owner_in(&system, place).await?.list(vec![1, 2, 3]).await?;
    assert_eq!(list.get(0).await?, Some(1));
    assert_eq!(list.get(3).await?, None);
    assert_eq!(list.set(1, 20).await?, Some(2));
    assert_eq!(list.set(9, 20).await?, None);
    list.insert(0, 0).await?;
    list.extend(vec![4, 5]).await?;
    assert_eq!(list.slice(0, 100).await?, [0, 1, 20, 3, 4, 5]);
    assert!(list.slice(9, 3).await?.is_empty());
    assert!(list.slice(4, 2).await?.is_empty());
    assert_eq!(list.remove(0).await?, Some(0));
    assert_eq!(list.remove(9).await?, None);
    assert_eq!(list.pop().await?, Some(5));
    assert_eq!(list.len().await?, 4);
    list.clear().await?;
    assert_eq!(list.len().await?, 0);
    assert!(list.type_name().contains("List<u32>"));
    Ok(())
}

async fn a_list_is_sent_item_by_item(place: Place) -> conclib::Result {
    let system = System::new("test");
    let numbers: Vec<u32> = (0..2000).collect();
    let list = owner_in(&system, place)
        .await?
        .list(numbers.clone())
        .await?;
    let mut items = list.items().await?;
    let mut read = Vec::new();
    while let Some(item) = items.next().await.transpose()? {
        read.push(item);
    }
    assert_eq!(read, numbers);
    Ok(())
}

async fn a_map_is_read_and_changed(place: Place) -> conclib::Result {
    let system = System::new("test");
    let map = owner_in(&system, place).await?.map().await?;
    assert_eq!(map.insert("a".into(), 1).await?, None);
    assert_eq!(map.insert("a".into(), 2).await?, Some(1));
    map.extend(vec![("b".into(), 3), ("c".into(), 4)]).await?;
    assert_eq!(map.get("b".into()).await?, Some(3));
    assert!(map.contains("c".into()).await?);
    assert_eq!(map.remove("c".into()).await?, Some(4));
    let keys: HashSet<String> = map.keys().await?.into_iter().collect();
    assert_eq!(keys, HashSet::from(["a".into(), "b".into()]));
    assert_eq!(map.entries().await?.len(), map.len().await?);
    map.clear().await?;
    assert_eq!(map.len().await?, 0);
    Ok(())
}

async fn a_value_is_compared_and_set(place: Place) -> conclib::Result {
    let system = System::new("test");
    let value = owner_in(&system, place).await?.value(1).await?;
    value.set(2).await?;
    assert_eq!(value.replace(3).await?, 2);
    assert!(value.compare_and_set(3, 4).await?);
    assert!(!value.compare_and_set(3, 5).await?);
    assert_eq!(value.get().await?, 4);
    Ok(())
}

async fn an_answer_is_data_or_a_handle(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    for as_held in [false, true] {
        let data = match owner.data(as_held).await? {
            Data::Value(data) => data,
            Data::Held(held) => held.slice(0, 9).await?,
        };
        assert_eq!(data, [1, 2, 3]);
    }
    Ok(())
}

async fn an_event_ends_waits(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let event = owner.event().await?;
    let not_ready = event.wait().timeout(SHORT).await;
    assert!(
        matches!(not_ready, Err(AskError::Deadline { .. })),
        "{not_ready:?}"
    );
    let waits = [event.wait().reply().await?, event.wait().reply().await?];
    // A wait blocks neither the object nor its owner.
    assert!(!event.is_set().await?);
    assert!(owner.pid().await? > 0);
    event.set().await?;
    for wait in waits {
        wait.await?;
    }
    event.wait().await?;
    event.clear().await?;
    assert!(!event.is_set().await?);
    Ok(())
}

async fn a_barrier_lets_all_go_together(place: Place) -> conclib::Result {
    let system = System::new("test");
    let barrier = owner_in(&system, place).await?.barrier(3).await?;
    for _ in 0..2 {
        let one = barrier.wait().reply().await?;
        let two = barrier.wait().reply().await?;
        assert_eq!(barrier.waiting().await?, 2);
        assert_eq!(barrier.wait().await?, 0);
        assert_eq!((one.await?, two.await?), (2, 1));
        assert_eq!(barrier.waiting().await?, 0);
    }
    Ok(())
}

async fn an_asker_that_gave_up_does_not_count_at_a_barrier(place: Place) -> conclib::Result {
    let system = System::new("test");
    let barrier = owner_in(&system, place).await?.barrier(2).await?;
    assert!(barrier.wait().timeout(SHORT).await.is_err());
    while barrier.waiting().await? > 0 {}
    let one = barrier.wait().reply().await?;
    assert_eq!(barrier.waiting().await?, 1);
    assert_eq!(barrier.wait().await?, 0);
    assert_eq!(one.await?, 1);
    Ok(())
}

async fn an_iterator_gives_each_item_once(place: Place) -> conclib::Result {
    let system = System::new("test");
    let iter = owner_in(&system, place).await?.iter(5).await?;
    assert_eq!(iter.next().await?, Some(0));
    assert_eq!(iter.take(2).await?, [1, 2]);
    assert_eq!(iter.take(9).await?, [3, 4]);
    assert_eq!(iter.next().await?, None);
    Ok(())
}

async fn work_goes_on_beside_the_turns_of_its_actor(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let go = owner.event().await?;
    let (one, two) = (
        owner.work(go.clone(), false).await?,
        owner.work(go.clone(), false).await?,
    );
    assert!(!one.is_ready().await?);
    assert!(two.get().timeout(SHORT).await.is_err());
    go.set().await?;
    one.wait().await?;
    assert!(one.is_ready().await?);
    assert_eq!((one.get().await?, two.get().await?), (42, 42));
    Ok(())
}

async fn a_panic_of_work_is_its_result(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let go = owner.event().await?;
    go.set().await?;
    let work = owner.work(go, true).await?;
    let error = work.get().await.unwrap_err();
    assert!(error.to_string().contains("the work has failed"), "{error}");
    assert!(work.is_ready().await?);
    Ok(())
}

async fn an_object_of_ones_own_is_an_actor(place: Place) -> conclib::Result {
    use super::owner::WitnessCalls as _;
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let witness = owner.witness().await?;
    assert!(witness.public().await?);
    assert_eq!(witness.owner().await?, Some(owner));
    Ok(())
}

async fn a_recipient_is_another_view_of_an_object(place: Place) -> conclib::Result {
    let system = System::new("test");
    let list = owner_in(&system, place).await?.list(vec![]).await?;
    let add: Recipient<ListPush<u32>> = list.recipient();
    add.ask(ListPush { item: 5 }).await?;
    assert_eq!(list.slice(0, 9).await?, [5]);
    Ok(())
}

async fn a_list_is_changed_while_iterators_over_it_are_read(place: Place) -> conclib::Result {
    let system = System::new("test");
    let list = owner_in(&system, place).await?.list(vec![1, 2, 3]).await?;
    let mut early = list.items().await?;
    assert_eq!(early.next().await.transpose()?, Some(1));
    // Both views of the list are in use, and so is another iterator.
    list.push(4).await?;
    assert_eq!(list.remove(1).await?, Some(2));
    let mut late = list.items().await?;
    for (at_first, now) in [(2, 1), (3, 3)] {
        assert_eq!(early.next().await.transpose()?, Some(at_first));
        assert_eq!(late.next().await.transpose()?, Some(now));
        assert_eq!(list.len().await?, 3);
    }
    assert_eq!(early.next().await.transpose()?, None);
    assert_eq!(late.next().await.transpose()?, Some(4));
    assert_eq!(late.next().await.transpose()?, None);
    assert_eq!(list.slice(0, 9).await?, [1, 3, 4]);
    Ok(())
}
