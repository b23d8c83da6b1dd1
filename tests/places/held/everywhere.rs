//! A held object is used in the same way wherever its owner is: also behind a unix socket and TCP.

use conclib::held::*;

use super::owner::{Owner, OwnerCalls as _};
use crate::at::{At, on_every_place};

on_every_place! {
    a_handle_is_used_here_and_given_back_to_the_owner,
}

async fn a_handle_is_used_here_and_given_back_to_the_owner(at: At) -> conclib::Result {
    let owner = at.spawn(Owner::default()).await?;
    let queue = owner.queue(10).await?;
    queue.put(1).await?;
    owner.produce(queue.clone(), 2, 2).await?;
    for number in 1..=3 {
        assert_eq!(queue.get().await?, number);
    }
    assert_eq!(queue.try_get().await?, None);
    Ok(())
}
