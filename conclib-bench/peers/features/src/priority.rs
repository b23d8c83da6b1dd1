//! Tells to an actor whose messages have priorities, until all are handled,
//! compared with one whose messages have none.

use conclib::prelude::*;
use harness::{Group, Membership, Rounds, Sample, Watch};

use crate::member::{Member, MemberCalls};

/// Number of tells in one lap.
const TELLS: u64 = 10_000;

/// Capacity of both mailboxes.
const MAILBOX: usize = 1024;

#[actor(priority)]
struct Ranked {
    membership: Membership,
}

#[actor]
impl Ranked {
    #[message(priority = 0)]
    async fn soon(&mut self, by: u64) {
        self.membership.deliver(by);
    }

    #[message]
    async fn later(&mut self, by: u64) {
        self.membership.deliver(by);
    }
}

pub(crate) async fn tell(mut rounds: Rounds) -> Sample {
    let system = System::new("bench");
    let group = Group::of(2);
    let ranked = Ranked {
        membership: group.membership(),
    };
    let ranked = system.actor(ranked).mailbox(MAILBOX).spawn();
    let ranked = ranked.expect("an actor can be spawned");
    let member = Member::new(group.membership());
    let member = system.actor(member).mailbox(MAILBOX).spawn();
    let member = member.expect("a member can be spawned");

    let [mut prioritised, mut plain] = [(); 2].map(|()| Watch::default());
    while rounds.more() {
        let tells = async {
            group.delivered.close(TELLS);
            for _ in 0..TELLS / 2 {
                ranked.later(1).tell().await.expect("it lives");
                ranked.soon(1).tell().await.expect("it lives");
            }
            group.delivered.wait().await;
        };
        prioritised.lap(TELLS, tells).await;
        let tells = async {
            group.delivered.close(TELLS);
            for _ in 0..TELLS {
                member.deliver(1).tell().await.expect("it lives");
            }
            group.delivered.wait().await;
        };
        plain.lap(TELLS, tells).await;
    }
    Sample::default()
        .with("ns", prioritised.each())
        .with("ns.plain", plain.each())
}
