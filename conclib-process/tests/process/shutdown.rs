//! Orderly ends: SIGTERM, the grace, SIGKILL.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use crate::children::*;
use conclib_process::{ChildCommand, Ending};
use nix::libc::{SIGKILL, SIGTERM};
use support::processes::*;

#[support::test]
async fn a_child_that_obeys_ends_in_its_grace() {
    let mut child = ChildCommand::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep");
    let group = group_of(child.id());

    let ending = child.shutdown(GRACE).await.expect("ours");

    assert!(
        matches!(ending, Ending::InGrace(status) if status.signal() == Some(SIGTERM)),
        "{ending:?}"
    );
    assert!(!group.iter().any(Process::exists), "reaped");
}

#[support::test]
async fn a_child_may_use_its_grace() {
    let mut child = shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done")
        .spawn()
        .expect("sh");
    says(&child, "ready").await;

    let ending = child.shutdown(GRACE).await.expect("ours");

    assert!(
        matches!(ending, Ending::InGrace(status) if status.code() == Some(7)),
        "{ending:?}"
    );
    assert_eq!(child.tail().lines().last(), Some("bye"));
}

#[support::test]
async fn a_child_that_ignores_sigterm_is_killed_when_the_grace_is_over() {
    let mut child = shell("trap '' TERM; echo deaf; while :; do sleep 600; done")
        .spawn()
        .expect("sh");
    says(&child, "deaf").await;
    eventually("there are guard, shell and sleep", || {
        group_of(child.id()).len() == 3
    })
    .await;
    let group = group_of(child.id());

    let ending = child
        .shutdown(Duration::from_millis(50))
        .await
        .expect("ours");

    assert!(
        matches!(ending, Ending::Killed(status) if status.signal() == Some(SIGKILL)),
        "{ending:?}"
    );
    eventually("the grandchild is gone", || {
        !group.iter().any(Process::lives)
    })
    .await;
    assert!(
        !group
            .iter()
            .any(|member| member.pid == child.id() && member.exists()),
        "reaped"
    );
}

#[support::test]
async fn without_grace_it_is_killed_at_once() {
    let mut child = ChildCommand::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep");
    let ending = child.shutdown(Duration::ZERO).await.expect("ours");
    assert!(matches!(ending, Ending::Killed(_)), "{ending:?}");
}

#[support::test]
async fn grandchildren_go_with_the_child() {
    let mut child = shell("(trap '' TERM; echo grandchild $(exec sh -c 'echo $PPID'); while :; do sleep 600; done) & wait")
        .spawn()
        .expect("sh");
    let grandchild = Process::of(says_number(&child, "grandchild").await);

    child.shutdown(GRACE).await.expect("ours");

    eventually("the grandchild is gone", || !grandchild.lives()).await;
}

#[support::test]
async fn what_an_exited_child_left_behind_goes_at_the_shutdown() {
    let mut child = shell("sleep 600 & echo grandchild $!").spawn().expect("sh");
    assert!(child.wait().await.expect("ours").success());
    let grandchild = Process::of(says_number(&child, "grandchild").await);
    assert!(
        grandchild.lives(),
        "an exit of the child is no order to end the others"
    );

    let ending = child.shutdown(GRACE).await.expect("ours");

    assert!(
        matches!(ending, Ending::Earlier(status) if status.success()),
        "{ending:?}"
    );
    eventually("the grandchild is gone", || !grandchild.lives()).await;
}

#[support::test]
async fn a_second_shutdown_tells_the_same() {
    let mut child = ChildCommand::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep");
    let first = child.shutdown(GRACE).await.expect("ours");
    assert_eq!(child.shutdown(GRACE).await.expect("ours"), first);
    assert_eq!(child.wait().await.expect("ours"), first.status());
    assert_eq!(child.try_status().expect("ours"), Some(first.status()));
}

#[support::test]
async fn a_cancelled_shutdown_can_be_taken_up_again() {
    let mut child = shell("trap '' TERM; echo deaf; while :; do sleep 600; done")
        .spawn()
        .expect("sh");
    says(&child, "deaf").await;
    let pid = Process::of(child.id());

    let cancelled = tokio::time::timeout(Duration::from_millis(20), child.shutdown(GRACE)).await;
    assert!(cancelled.is_err());
    assert_eq!(child.try_status().expect("ours"), None);

    let ending = child
        .shutdown(Duration::from_millis(20))
        .await
        .expect("ours");
    assert!(matches!(ending, Ending::Killed(_)), "{ending:?}");
    assert!(!pid.exists(), "reaped");
}

#[support::test]
async fn an_exit_can_be_waited_for_more_than_once() {
    let mut child = shell("exit 3").spawn().expect("sh");
    assert_eq!(child.wait().await.expect("ours").code(), Some(3));
    assert_eq!(child.wait().await.expect("ours").code(), Some(3));
    assert_eq!(
        child
            .try_status()
            .expect("ours")
            .and_then(|status| status.code()),
        Some(3)
    );
}

/// SIGTERM goes to the whole group. The guard has to survive it, in case the
/// owner is killed during the grace.
#[support::test]
async fn the_guard_survives_the_sigterm() {
    for _ in 0..10 {
        let mut child =
            shell("trap 'echo caught' TERM; echo ready; while :; do sleep 600 & wait; done")
                .spawn()
                .expect("sh");
        says(&child, "ready").await;
        let guard = guard_of(child.id());

        let shutdown = child.shutdown(Duration::from_millis(100));
        let ending = shutdown.await.expect("ours");
        assert!(matches!(ending, Ending::Killed(_)), "{ending:?}");
        assert!(child.tail().lines().any(|line| line == "caught"));
        assert!(!guard.exists(), "reaped");
    }
}
