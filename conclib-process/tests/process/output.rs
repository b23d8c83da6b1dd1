//! Both streams are read to their end, whatever a child writes.

use crate::children::*;
use support::processes::*;

#[support::test]
async fn ten_megabytes_without_a_line_break_do_not_block_the_child() {
    let mut child = shell("head -c 10000000 /dev/zero >&2").spawn().expect("sh");
    assert!(child.wait().await.expect("ours").success());
    child.shutdown(GRACE).await.expect("ours");

    let tail = child.tail();
    let line = tail.lines().last().expect("one line");
    assert!(line.len() < 9 * 1024);
    assert!(line.ends_with(" more bytes]"), "what is cut is counted");
}

#[support::test]
async fn ten_megabytes_of_lines_leave_the_last_hundred() {
    let mut child = shell("seq 1 1400000").spawn().expect("sh");
    assert!(child.wait().await.expect("ours").success());
    child.shutdown(GRACE).await.expect("ours");

    let expected: Vec<_> = (1_399_901..=1_400_000).map(|n| n.to_string()).collect();
    assert_eq!(child.tail().lines().collect::<Vec<_>>(), expected);
}

#[support::test]
async fn a_shutdown_returns_although_an_escaped_process_holds_the_streams() {
    let mut child = shell("setsid sleep 30 & echo escaped $!")
        .spawn()
        .expect("sh");
    let escaped = says_number(&child, "escaped").await;
    child.shutdown(GRACE).await.expect("ours");
    // The child left the group, which is a documented limit; the test ends it.
    let _ = nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(escaped.cast_signed()),
        nix::sys::signal::Signal::SIGKILL,
    );
}

#[support::test]
async fn debug_shows_none_of_the_output() {
    let mut child = shell("echo the password is swordfish").spawn().expect("sh");
    says(&child, "the password is swordfish").await;
    let mut shown = format!("{child:?} {:?}", child.tail());
    child.shutdown(GRACE).await.expect("ours");
    shown += &format!("{child:?} {:?}", child.tail());
    assert!(shown.contains("lines: 1") && !shown.contains("swordfish"));
}
