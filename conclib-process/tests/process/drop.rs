//! A dropped child is dead and reaped, in every place and for every reason of
//! the drop.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::children::*;
use conclib_process::{ChildCommand, OwnedChild};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use support::processes::*;

fn sleeper() -> (OwnedChild, Vec<Process>) {
    let child = ChildCommand::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep");
    let group = group_of(child.id());
    assert_eq!(group.len(), 2, "guard and child");
    (child, group)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[support::test]
async fn a_drop_kills_and_reaps() {
    let (child, group) = sleeper();
    drop(child);
    assert!(!group.iter().any(Process::exists));
}

#[support::test]
async fn a_drop_does_not_ask() {
    let child = shell("trap '' TERM; echo deaf; while :; do sleep 600; done")
        .spawn()
        .expect("sh");
    says(&child, "deaf").await;
    let group = group_of(child.id());
    drop(child);
    eventually("the whole group is gone", || {
        !group.iter().any(Process::lives)
    })
    .await;
}

#[support::test]
async fn a_panic_kills_and_reaps() {
    let (child, group) = sleeper();
    let result = catch_unwind(AssertUnwindSafe(move || {
        let _child = child;
        panic!("on purpose");
    }));
    assert!(result.is_err());
    assert!(!group.iter().any(Process::exists));
}

#[support::test]
fn the_runtime_may_be_gone_already() {
    let runtime = runtime();
    let (child, group) = runtime.block_on(async { sleeper() });
    drop(runtime);
    drop(child);
    assert!(!group.iter().any(Process::exists));
}

#[support::test]
fn a_child_in_a_task_goes_with_the_runtime() {
    let runtime = runtime();
    let group = runtime.block_on(async {
        let (mut child, group) = sleeper();
        tokio::spawn(async move { child.wait().await });
        group
    });
    drop(runtime);
    assert!(!group.iter().any(Process::exists));
}

#[support::test]
async fn what_an_exited_child_left_behind_goes() {
    let mut child = shell("sleep 600 & echo grandchild $!").spawn().expect("sh");
    child.wait().await.expect("ours");
    let grandchild = Process::of(says_number(&child, "grandchild").await);
    drop(child);
    eventually("the grandchild is gone", || !grandchild.lives()).await;
}

#[support::test]
async fn without_its_guard_the_child_still_dies_with_the_drop() {
    let child = shell("sleep 600 & exec sleep 600").spawn().expect("sh");
    let guard = guard_of(child.id());
    eventually("the grandchild has started", || {
        group_of(child.id()).len() == 3
    })
    .await;
    let group = group_of(child.id());
    kill(Pid::from_raw(guard.pid.cast_signed()), Signal::SIGKILL).expect("it lives");
    eventually("the guard is dead", || !guard.lives()).await;

    drop(child);

    eventually("the whole group is gone", || {
        !group.iter().any(Process::lives)
    })
    .await;
    assert!(!guard.exists(), "reaped");
}

#[support::test]
async fn a_child_may_end_its_own_group() {
    let mut child = shell("kill -9 0").spawn().expect("sh");
    let group = [child.id()];
    assert!(!child.wait().await.expect("ours").success());
    child.shutdown(GRACE).await.expect("ours");
    assert_eq!(group, [child.id()]);
}
