//! Environment and open files of a child.

use std::fs;

use crate::children::*;
use conclib_process::{ChildCommand, SpawnError};
use support::processes::*;

#[support::test]
fn outside_of_a_runtime_it_is_an_error() {
    let error = ChildCommand::new("true").spawn().expect_err("no runtime");
    assert!(matches!(error, SpawnError::NoRuntime { .. }), "{error:?}");
}

#[support::test]
async fn arguments_environment_and_directory_arrive_as_they_are() {
    let script = r#"printf '%s|' "$@"; echo; echo "$GREETING"; pwd"#;
    let mut child = shell(script)
        .args(["sh", "two words", "$HOME", "*", "'"])
        .env("GREETING", "wrong")
        .env("GREETING", "hello; exit 1")
        .current_dir("/")
        .spawn()
        .expect("sh");
    assert!(child.wait().await.expect("ours").success());
    child.shutdown(GRACE).await.expect("ours");
    assert_eq!(
        child.tail().lines().collect::<Vec<_>>(),
        ["two words|$HOME|*|'|", "hello; exit 1", "/"]
    );
}

#[support::test]
async fn standard_input_is_empty() {
    let mut child = shell("if read -r line; then echo $line; else echo empty; fi")
        .spawn()
        .expect("sh");
    says(&child, "empty").await;
    assert!(child.wait().await.expect("ours").success());
}

/// Not a test: an owner that has a key. A plain run passes without doing anything unless a test starts it.
#[support::test]
async fn child_owner() {
    if role().is_none() {
        return;
    }
    let env = "echo key=${CONCLIB_AUTHKEY-none} own=${OWN-none} other=${OTHER-none}";
    let sh = || ChildCommand::new("/bin/sh").args(["-c", env]);
    for (name, command) in [
        ("inherited", sh()),
        ("given", sh().env("CONCLIB_AUTHKEY", "mine")),
        ("removed", sh().env("NEW", "1").env_remove("OWN")),
        ("taken_back", sh().env("OWN", "new").env_remove("OWN")),
        ("cleared", sh().env("OWN", "new").env_clear()),
        ("cleared_first", sh().env_clear().env("OWN", "new")),
    ] {
        let mut child = command.spawn().expect("sh");
        child.wait().await.expect("ours");
        child.shutdown(GRACE).await.expect("ours");
        tell(name, child.tail());
    }
    let child = ChildCommand::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep");
    let guard = guard_of(child.id()).pid;
    let environment = fs::read(format!("/proc/{guard}/environ")).expect("it lives");
    tell("guard", String::from_utf8_lossy(&environment).len());
    stay().await;
}

#[support::test]
fn a_child_inherits_all_but_the_key() {
    let env = [
        ("CONCLIB_AUTHKEY", "secret".as_ref()),
        ("OWN", "old".as_ref()),
        ("OTHER", "kept".as_ref()),
    ];
    let mut owner = Owner::start(&support::test_name!(child_owner), "has a key", &env);
    let mut told = |name| owner.tells(name);
    assert_eq!(told("inherited"), "key=none own=old other=kept");
    assert_eq!(told("given"), "key=mine own=old other=kept");
    assert_eq!(told("removed"), "key=none own=none other=kept");
    assert_eq!(told("taken_back"), "key=none own=none other=kept");
    assert_eq!(told("cleared"), "key=none own=none other=none");
    assert_eq!(told("cleared_first"), "key=none own=new other=none");
    assert_eq!(told("guard"), "0", "a guard has no environment");
}

/// A child that inherits the write end of the pipe would keep its own guard, or
/// that of another child, from acting.
#[support::test]
async fn a_child_holds_no_pipe_of_a_guard() {
    let open = |pid: u32| -> Vec<_> {
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives");
        fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
            .collect()
    };
    let children = [(); 2].map(|()| {
        ChildCommand::new("sleep")
            .arg("600")
            .spawn()
            .expect("sleep")
    });
    for child in &children {
        let pipe =
            fs::read_link(format!("/proc/{}/fd/0", guard_of(child.id()).pid)).expect("it lives");
        assert!(open(std::process::id()).contains(&pipe));
        assert!(
            children
                .iter()
                .all(|child| !open(child.id()).contains(&pipe))
        );
    }
}

#[support::test]
async fn many_children_start_from_one_command() {
    let command = ChildCommand::new("sleep").arg("600");
    let children: Vec<_> = (0..8).map(|_| command.spawn().expect("sleep")).collect();
    let groups: Vec<_> = children
        .iter()
        .flat_map(|child| group_of(child.id()))
        .collect();
    assert_eq!(groups.len(), 16);
    drop(children);
    assert!(!groups.iter().any(Process::exists));
}

#[support::test]
fn a_command_does_not_show_its_secrets() {
    let command = ChildCommand::new("true")
        .env("PASSWORD", "swordfish")
        .env_remove("HOME");
    let shown = format!("{command:?}");
    assert!(
        shown.contains("PASSWORD") && shown.contains("HOME") && !shown.contains("swordfish"),
        "{shown}"
    );
}

#[support::test]
async fn a_child_reads_the_file_that_is_its_standard_input() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("file");
    fs::write(&path, "content").expect("ours");
    let file = fs::File::open(path).expect("written");
    let mut child = ChildCommand::new("cat").stdin(file).spawn().expect("cat");
    assert!(child.wait().await.expect("ours").success());
    child.shutdown(GRACE).await.expect("ours");
    assert_eq!(child.tail().to_string(), "content");
}

#[support::test]
async fn a_lock_on_the_standard_input_is_held_until_the_child_has_ended() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lock");
    let open = || fs::File::create(&path).expect("ours");
    let locked = open();
    locked.try_lock().expect("free");
    let command = shell("exec sleep 600").stdin(locked);
    let mut child = command.spawn().expect("sh");
    drop(command);
    assert!(open().try_lock().is_err());
    child.shutdown(GRACE).await.expect("ours");
    // A child that another test starts has a copy of each descriptor until its exec.
    support::until(|| open().try_lock().is_ok()).await;
}
