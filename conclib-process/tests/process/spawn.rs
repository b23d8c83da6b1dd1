//! What a child is born with.

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

/// A child with the write end of the pipe would keep its own guard, or that of another child, asleep.
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
    let command = ChildCommand::new("true").env("PASSWORD", "swordfish");
    let shown = format!("{command:?}");
    assert!(
        shown.contains("PASSWORD") && !shown.contains("swordfish"),
        "{shown}"
    );
}
