//! A failed start has an error with the reason, and leaves nothing.

use std::{error::Error as _, fs, os::unix::fs::PermissionsExt as _};

use conclib_process::{ChildCommand, SpawnError};
use support::processes::*;

/// Runs alone in its process, as it counts all children.
#[support::test(alone)]
async fn what_does_not_start_says_why_and_leaves_nothing() {
    let error = ChildCommand::new("no-such-program")
        .spawn()
        .expect_err("there is none");
    assert!(
        matches!(&error, SpawnError::NotFound { program, .. } if program == "no-such-program"),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains(&std::env::var("PATH").expect("PATH")),
        "{error}"
    );
    assert!(error.source().is_some());

    let error = ChildCommand::new("sh")
        .env("PATH", "/nowhere")
        .spawn()
        .expect_err("not in that PATH");
    assert!(
        matches!(&error, SpawnError::NotFound { searched, .. } if searched == "/nowhere"),
        "{error:?}"
    );

    let error = ChildCommand::new("/no/such/file")
        .spawn()
        .expect_err("there is none");
    assert!(
        matches!(&error, SpawnError::NotFound { searched, .. } if searched == "/no/such/file"),
        "{error:?}"
    );

    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("data");
    fs::write(&file, "no program").expect("ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
    let error = ChildCommand::new(&file)
        .spawn()
        .expect_err("not executable");
    assert!(
        matches!(error, SpawnError::NotExecutable { .. }),
        "{error:?}"
    );

    let error = ChildCommand::new("true")
        .current_dir("/no/such/dir")
        .spawn()
        .expect_err("no directory");
    assert!(
        matches!(&error, SpawnError::CurrentDir { dir, .. } if dir.ends_with("no/such/dir")),
        "{error:?}"
    );

    let error = ChildCommand::new("true")
        .arg("a\0b")
        .spawn()
        .expect_err("no argument can have a zero byte");
    assert!(matches!(error, SpawnError::Start { .. }), "{error:?}");

    assert_eq!(own_children(), [0; 0]);
}
