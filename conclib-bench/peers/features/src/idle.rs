//! A million actors that are alive at once, each with its reference.

use conclib::prelude::*;
use harness::{Group, Sample, resident_bytes};

use crate::member::{Member, MemberCalls};

const ACTORS: u64 = 1_000_000;

/// One actor in so many is asked, to check that it lives.
const ASKED: usize = 1_000;

pub(crate) async fn million() -> Sample {
    let system = System::new("bench");
    let group = Group::of(ACTORS);
    let before = resident_bytes();
    let mut members = Vec::with_capacity(ACTORS as usize);
    for _ in 0..ACTORS {
        let member = system.spawn(Member::new(group.membership()));
        members.push(member.expect("a member can be spawned"));
    }
    group.started.wait().await;
    let held = resident_bytes().saturating_sub(before);
    for member in members.iter().step_by(ASKED) {
        assert_eq!(member.total(1).await.expect("the member answers"), 1);
    }
    Sample::default().with("bytes", held as f64 / ACTORS as f64)
}
