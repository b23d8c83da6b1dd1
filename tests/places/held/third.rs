//! Handles in a third process.

use conclib::Place;
use conclib::held::*;
use conclib::prelude::*;
use support::until;

use super::owner::{Owner, OwnerCalls as _, OwnerGive};
use super::{owner_in, owner_process};
use crate::at::on_every_place;

on_every_place! {
    one_system:
    a_third_process_uses_the_object_itself,
    a_handle_that_comes_back_is_the_same,
    a_third_process_keeps_the_object_alive,
    a_third_process_gets_a_handle_from_the_owner_itself,
    a_third_process_may_end_an_object,
}

async fn a_third_process_uses_the_object_itself(place: Place) -> conclib::Result {
    let system = System::new("test");
    let list = owner_in(&system, place).await?.list(vec![1]).await?;
    let (third, process) = owner_process(&system).await?;
    assert_eq!(third.read(list.clone()).await?, [1, process.pid]);
    assert_eq!(list.slice(0, 9).await?, [1, process.pid]);
    Ok(())
}

async fn a_handle_that_comes_back_is_the_same(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let list = owner.list(vec![1]).await?;
    let (third, _) = owner_process(&system).await?;
    let back = third.echo(list.clone()).await?;
    assert_eq!(back, list);
    let home = owner.echo(back.clone()).await?;
    assert_eq!(home, list);
    home.push(2).await?;
    assert_eq!(back.slice(0, 9).await?, [1, 2]);
    Ok(())
}

async fn a_third_process_keeps_the_object_alive(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let list = owner.list(vec![1]).await?;
    let (third, process) = owner_process(&system).await?;
    third.keep(list.clone()).await?;
    drop((owner, list));
    let list = third.give().await?.unwrap();
    assert_eq!(list.slice(0, 9).await?, [1]);
    third.keep(list).await?;
    // Its end is that of the object, and of the owner.
    third.kill().await;
    assert!(!process.is_alive());
    until(|| system.all().is_empty()).await;
    Ok(())
}

async fn a_third_process_may_end_an_object(place: Place) -> conclib::Result {
    let system = System::new("test");
    let list = owner_in(&system, place).await?.list(vec![1]).await?;
    let (third, _) = owner_process(&system).await?;
    assert_eq!(third.end_object(list.clone()).await?, "stopped");
    assert!(list.push(1).await.is_err());
    Ok(())
}

async fn a_third_process_gets_a_handle_from_the_owner_itself(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let (third, _) = owner_process(&system).await?;
    assert!(third.fetch(owner.clone()).await?);
    assert_eq!(owner.children().await?, 2);
    drop(owner);
    // This process has never seen the list.
    let list = third.give().await?.unwrap();
    assert_eq!(list.slice(0, 9).await?, [5, 6]);
    drop((list, third));
    until(|| system.all().is_empty()).await;
    Ok(())
}

#[support::test]
async fn a_client_uses_the_object_of_a_process() -> conclib::Result {
    let system = System::new("test");
    let (owner, _) = owner_process(&system).await?;
    let front = system.actor(Owner::default()).urn("front").spawn()?;
    front.keep(owner.list(vec![1]).await?).await?;
    let proxy = Proxy::serve(&system, "tcp://127.0.0.1:0");
    let key = AuthKey::random()?;
    let proxy = proxy.key(key.clone()).await?;
    let client = ProxyClient::connect(proxy.url()).key(key).await?;
    drop(owner);
    let list = client.ask("front", OwnerGive {}).await?.unwrap();
    list.push(2).await?;
    assert_eq!(list.slice(0, 9).await?, [1, 2]);
    drop(list);
    // The last handle was that of the client.
    until(|| system.all().len() == 2).await;
    Ok(())
}
