//! A private directory is private, and goes with its owner.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use conclib_process::PrivateDir;
use support::processes::*;

/// Not a test: the other process. A plain run passes without doing anything unless a test starts it.
#[support::test]
fn child_owner() {
    if role().is_some() {
        match PrivateDir::new() {
            Ok(dir) => {
                tell("dir", dir.path().display());
                UnixListener::bind(dir.join("a-name-of-23-characters"))
                    .expect("short enough for a socket");
                std::thread::park();
            }
            Err(error) => tell("dir", error),
        }
    }
}

/// Path of the directory that a process with this environment makes. The
/// process is killed afterwards.
fn made_with(env: &[(&str, &Path)]) -> PathBuf {
    let mut owner = Owner::start(&support::test_name!(child_owner), "makes a directory", env);
    let dir = PathBuf::from(owner.tells("dir"));
    owner.kill();
    eventually_now("the directory is gone", || !dir.exists());
    dir
}

fn with_mode(dir: &Path, mode: u32) {
    fs::set_permissions(dir, fs::Permissions::from_mode(mode)).expect("ours");
}

#[support::test]
fn it_is_empty_private_and_goes_with_the_value() {
    let dir = PrivateDir::new().expect("a directory");
    let path = dir.path().to_owned();
    assert!(path.is_absolute());
    assert_eq!(
        fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o7777,
        0o700
    );
    assert_eq!(fs::read_dir(&path).expect("ours").count(), 0);
    assert_eq!(dir.join("x"), path.join("x"));

    fs::create_dir_all(dir.join("a/b")).expect("ours");
    fs::write(dir.join("a/b/c"), "content").expect("ours");
    drop(dir);
    assert!(!path.exists());
}

#[support::test]
fn no_two_are_the_same() {
    let (one, other) = (
        PrivateDir::new().expect("one"),
        PrivateDir::new().expect("another"),
    );
    assert_ne!(one.path(), other.path());
}

#[support::test]
fn what_a_link_in_it_points_to_stays() {
    let precious = tempfile::tempdir().expect("a directory");
    fs::write(precious.path().join("file"), "content").expect("ours");
    let dir = PrivateDir::new().expect("a directory");
    symlink(precious.path(), dir.join("link")).expect("ours");
    drop(dir);
    assert!(precious.path().join("file").exists());
}

#[support::test]
fn the_runtime_directory_is_preferred() {
    let runtime = tempfile::tempdir().expect("a directory");
    let dir = made_with(&[("XDG_RUNTIME_DIR", runtime.path())]);
    assert_eq!(dir.parent(), Some(runtime.path().join("conclib").as_path()));
}

#[support::test]
fn a_runtime_directory_that_is_not_ours_alone_is_not_used() {
    let base = tempfile::tempdir().expect("a directory");
    let used = |runtime: &Path| made_with(&[("XDG_RUNTIME_DIR", runtime)]).starts_with(runtime);

    let shared = base.path().join("shared");
    fs::create_dir(&shared).expect("ours");
    with_mode(&shared, 0o770);
    assert!(!used(&shared), "others may write");

    let link = base.path().join("link");
    symlink(base.path(), &link).expect("ours");
    assert!(!used(&link), "a link");

    let elsewhere = base.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("target")).expect("ours");
    symlink(elsewhere.join("target"), elsewhere.join("conclib")).expect("ours");
    assert!(!used(&elsewhere), "a link in place of our own directory");

    assert!(!used(&base.path().join("missing")), "there is none");
}

#[support::test]
fn a_long_path_is_not_used() {
    let base = tempfile::tempdir().expect("a directory");
    let long = base.path().join("x".repeat(80));
    fs::create_dir(&long).expect("ours");
    let dir = made_with(&[("XDG_RUNTIME_DIR", &long), ("TMPDIR", &long)]);
    assert_eq!(dir.parent(), Some(Path::new("/tmp")));
}

#[support::test]
fn a_directory_for_all_that_does_not_protect_what_is_in_it_is_not_used() {
    let base = tempfile::tempdir().expect("a directory");
    let open = base.path().join("open");
    fs::create_dir(&open).expect("ours");
    with_mode(&open, 0o777);
    let env = [
        ("XDG_RUNTIME_DIR", Path::new("/nowhere")),
        ("TMPDIR", open.as_path()),
    ];
    assert!(!made_with(&env).starts_with(&open));
    with_mode(&open, 0o1777);
    assert!(made_with(&env).starts_with(&open));
}
