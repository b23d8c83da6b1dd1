//! Children to test with.

use conclib_process::{ChildCommand, OwnedChild};
use support::processes::eventually;

pub(crate) fn shell(script: &str) -> ChildCommand {
    ChildCommand::new("sh").args(["-c", script])
}

/// Waits for a line of output.
pub(crate) async fn says(child: &OwnedChild, line: &str) {
    eventually(line, || child.tail().lines().any(|seen| seen == line)).await;
}

/// Waits for a line that consists of `key` and a number.
pub(crate) async fn says_number(child: &OwnedChild, key: &str) -> u32 {
    let find = || {
        child
            .tail()
            .lines()
            .find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    eventually(key, || find().is_some()).await;
    find().expect("just seen")
}
