//! Nothing that an owner owned is left after any end of the owner.

use std::path::PathBuf;

use crate::children::*;
use conclib_process::{ChildCommand, PrivateDir};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use support::processes::*;

/// Not a test: the owners that are killed. A plain run passes without doing anything unless a test starts it.
#[support::test]
async fn child_owner() {
    match role().as_deref() {
        Some("holds a child") => {
            let dir = PrivateDir::new().expect("a directory");
            std::fs::create_dir(dir.join("inside")).expect("ours");
            std::fs::write(dir.join("inside/file"), "content").expect("ours");
            let child = shell("sleep 600 & echo grandchild $!; exec sleep 600")
                .spawn()
                .expect("sh");
            tell("dir", dir.path().display());
            tell("child", child.id());
            tell("grandchild", says_number(&child, "grandchild").await);
            stay().await;
        }
        Some("has just started one") => {
            let child = ChildCommand::new("sleep")
                .arg("600")
                .spawn()
                .expect("sleep");
            tell("child", child.id());
            stay().await;
        }
        Some("is starting one") => {
            tell("now", "");
            let _dir = PrivateDir::new().expect("a directory");
            let _child = shell("sleep 600 & exec sleep 600").spawn().expect("sh");
            stay().await;
        }
        Some("is ending one") => {
            let script =
                "trap 'touch \"$CAUGHT\"' TERM; echo ready; while :; do sleep 600 & wait; done";
            let mut child = shell(script).spawn().expect("sh");
            says(&child, "ready").await;
            tell("child", child.id());
            child.shutdown(GRACE).await.expect("ours");
        }
        Some("stops it") => {
            let child = ChildCommand::new("sleep")
                .arg("600")
                .spawn()
                .expect("sleep");
            tell("child", child.id());
            stay().await;
        }
        _ => {}
    }
}

#[support::test]
fn kill_9_leaves_no_child_no_grandchild_no_guard_and_no_directory() {
    let mut owner = Owner::start(&support::test_name!(child_owner), "holds a child", &[]);
    let dir = PathBuf::from(owner.tells("dir"));
    let child = owner.tells_process("child");
    let grandchild = owner.tells_process("grandchild");
    let group = group_of(child.pid);
    let guard = guard_of(child.pid);
    assert!(group.contains(&child) && group.contains(&grandchild) && group.contains(&guard));
    assert!(dir.join("inside/file").exists());

    owner.kill();

    eventually_now("the whole group is gone", || {
        !group.iter().any(Process::lives)
    });
    eventually_now("the directory is gone", || !dir.exists());
}

#[support::test]
fn kill_9_right_after_the_start_leaves_nothing() {
    for _ in 0..10 {
        let mut owner = Owner::start(
            &support::test_name!(child_owner),
            "has just started one",
            &[],
        );
        let child = owner.tells_process("child");
        let guard = guard_of(child.pid);
        owner.kill();
        eventually_now("child and guard are gone", || {
            !child.lives() && !guard.lives()
        });
    }
}

/// The kill comes at random moments: before the guard, between guard and child,
/// after both.
#[support::test]
fn kill_9_during_the_start_leaves_nothing() {
    for attempt in 0..20 {
        let marker = format!("conclib-marker-{}-{attempt}", std::process::id());
        let dir = tempfile::Builder::new()
            .prefix(&marker)
            .tempdir_in("/tmp")
            .expect("a directory");
        let mut owner = Owner::start(
            &support::test_name!(child_owner),
            "is starting one",
            &[("XDG_RUNTIME_DIR", dir.path())],
        );
        owner.tells("now");
        for _ in 0..attempt {
            std::thread::yield_now();
        }
        owner.kill();

        eventually_now("no process with the marker is left", || {
            marked(&marker).is_empty()
        });
        let runtime = dir.path().join("conclib");
        eventually_now("no directory is left", || {
            runtime
                .read_dir()
                .map_or(true, |mut dir| dir.next().is_none())
        });
    }
}

/// SIGTERM has gone to the whole group by then, the guard included.
#[support::test]
fn kill_9_during_a_grace_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let caught = dir.path().join("caught");
    let mut owner = Owner::start(
        &support::test_name!(child_owner),
        "is ending one",
        &[("CAUGHT", &caught)],
    );
    let child = owner.tells_process("child");
    let guard = guard_of(child.pid);
    eventually_now("the child has caught SIGTERM", || caught.exists());
    assert!(child.lives() && guard.lives());

    owner.kill();

    eventually_now("child and guard are gone", || {
        !child.lives() && !guard.lives()
    });
}

#[support::test]
fn a_stopped_child_goes_as_well() {
    let mut owner = Owner::start(&support::test_name!(child_owner), "stops it", &[]);
    let child = owner.tells_process("child");
    let guard = guard_of(child.pid);
    kill(Pid::from_raw(child.pid.cast_signed()), Signal::SIGSTOP).expect("it lives");
    owner.kill();
    eventually_now("child and guard are gone", || {
        !child.lives() && !guard.lives()
    });
}
