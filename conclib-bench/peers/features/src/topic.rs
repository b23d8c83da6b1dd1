//! Topic with a thousand subscribers, compared with a tell to each of them.

use std::sync::Arc;

use conclib::prelude::*;
use harness::{Group, Rounds, Sample, Watch};
use tokio::sync::broadcast;

use crate::member::{Member, MemberCalls, MemberDeliver};

const MEMBERS: u64 = 1_000;

pub(crate) async fn publish(mut rounds: Rounds) -> Sample {
    let system = System::new("bench");
    let group = Group::of(MEMBERS);
    let members: Vec<_> = (0..MEMBERS)
        .map(|_| system.spawn(Member::new(group.membership())))
        .map(|spawned| spawned.expect("a member can be spawned"))
        .collect();
    group.started.wait().await;
    let topic = Topic::<MemberDeliver>::new("numbers");
    let subscriptions: Vec<_> = members
        .iter()
        .map(|member| topic.subscribe_waiting(member))
        .collect();
    let (sender, tasks) = subscribed_tasks();

    let [mut published, mut plain, mut by_hand] = [(); 3].map(|()| Watch::default());
    while rounds.more() {
        let round = async {
            group.delivered.close(MEMBERS);
            topic.publish_with(|| MemberDeliver { by: 1 }).await;
            group.delivered.wait().await;
        };
        published.lap(MEMBERS, round).await;
        let round = async {
            group.delivered.close(MEMBERS);
            for member in &members {
                member.deliver(1).tell().await.expect("the member lives");
            }
            group.delivered.wait().await;
        };
        plain.lap(MEMBERS, round).await;
        let round = async {
            tasks.delivered.close(MEMBERS);
            sender.send(1).expect("the tasks listen");
            tasks.delivered.wait().await;
        };
        by_hand.lap(MEMBERS, round).await;
    }

    assert!(subscriptions.iter().all(Subscription::is_active));
    for member in &members {
        let total = member.total(0).await.expect("the member answers");
        assert_eq!(total, published.laps() + plain.laps(), "one was lost");
    }
    Sample::default()
        .with("ns", published.each())
        .with("ns.plain", plain.each())
        .with("ns.task", by_hand.each())
}

/// Spawns as many tasks with a broadcast channel.
fn subscribed_tasks() -> (broadcast::Sender<u64>, Arc<Group>) {
    let group = Group::of(MEMBERS);
    let (sender, _) = broadcast::channel(16);
    for _ in 0..MEMBERS {
        let mut numbers = sender.subscribe();
        let mut membership = group.membership();
        tokio::spawn(async move {
            while let Ok(by) = numbers.recv().await {
                membership.deliver(by);
            }
        });
    }
    (sender, group)
}
