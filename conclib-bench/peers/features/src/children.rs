//! Ten thousand children of one actor: all spawned by it, and all stopped with
//! it; compared with as many actors without a supervisor.

use std::future;
use std::sync::Arc;

use conclib::prelude::*;
use harness::{Group, Rounds, Sample, Watch};
use tokio::task::JoinSet;

use crate::member::Member;

const CHILDREN: u64 = 10_000;

/// Durations of spawning and of stopping.
#[derive(Default)]
struct Watches {
    spawn: Watch,
    stop: Watch,
}

#[actor]
#[derive(Default)]
struct Parent {
    children: Vec<ActorRef<Member>>,
}

#[actor]
impl Parent {
    #[message(local)]
    async fn hire(&mut self, group: Arc<Group>, ctx: &mut Context<Self>) {
        for _ in 0..CHILDREN {
            let child = ctx.spawn(Member::new(group.membership()));
            self.children.push(child.expect("a child can be spawned"));
        }
    }
}

pub(crate) async fn spawn_stop(mut rounds: Rounds) -> Sample {
    let system = System::new("bench");
    let [mut children, mut plain, mut by_hand] = [(); 3].map(|()| Watches::default());
    while rounds.more() {
        supervised(&system, &mut children).await;
        unsupervised(&system, &mut plain).await;
        tasks(&mut by_hand).await;
    }
    Sample::default()
        .with("spawn", children.spawn.each())
        .with("spawn.plain", plain.spawn.each())
        .with("spawn.task", by_hand.spawn.each())
        .with("stop", children.stop.each())
        .with("stop.plain", plain.stop.each())
        .with("stop.task", by_hand.stop.each())
}

async fn supervised(system: &System, watches: &mut Watches) {
    let group = Group::of(CHILDREN);
    let parent = system.spawn(Parent::default());
    let parent = parent.expect("a parent can be spawned");
    let spawn = async {
        let hired = parent.hire(group.clone()).await;
        hired.expect("the parent spawns them");
        group.started.wait().await;
    };
    watches.spawn.lap(CHILDREN, spawn).await;
    let stop = async {
        parent.stop().await;
        group.ended.wait().await;
    };
    watches.stop.lap(CHILDREN, stop).await;
}

async fn unsupervised(system: &System, watches: &mut Watches) {
    let group = Group::of(CHILDREN);
    let spawn = async {
        let mut members = Vec::new();
        for _ in 0..CHILDREN {
            let member = system.spawn(Member::new(group.membership()));
            members.push(member.expect("a member can be spawned"));
        }
        group.started.wait().await;
        members
    };
    let members = watches.spawn.lap(CHILDREN, spawn).await;
    let stop = async {
        let stopping: Vec<_> = members.iter().map(ActorRef::stop).collect();
        for stopping in stopping {
            stopping.await;
        }
        group.ended.wait().await;
    };
    watches.stop.lap(CHILDREN, stop).await;
}

async fn tasks(watches: &mut Watches) {
    let group = Group::of(CHILDREN);
    let spawn = async {
        let mut tasks = JoinSet::new();
        for _ in 0..CHILDREN {
            let membership = group.membership();
            tasks.spawn(async move {
                membership.started();
                future::pending::<()>().await;
            });
        }
        group.started.wait().await;
        tasks
    };
    let mut tasks = watches.spawn.lap(CHILDREN, spawn).await;
    let stop = async {
        tasks.shutdown().await;
        group.ended.wait().await;
    };
    watches.stop.lap(CHILDREN, stop).await;
}
