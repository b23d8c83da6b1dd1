//! Support for tests of processes: reading `/proc`, and an owner that can be
//! killed.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Time limit far above any duration; a test that reaches it has failed.
pub const DEADLINE: Duration = Duration::from_secs(30);
pub const GRACE: Duration = Duration::from_secs(20);

/// Process, identified by its number and its start time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    started: String,
}

impl Process {
    pub fn of(pid: u32) -> Self {
        let started = stat(pid).expect("the process exists")[19].clone();
        Self { pid, started }
    }

    /// Tests if it exists, dead but not reaped included.
    pub fn exists(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat[19] == self.started)
    }

    /// Tests if it can still run. An orphan may stay unreaped for as long as
    /// the first process of a container likes.
    pub fn lives(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat[19] == self.started && is_active(&stat))
    }
}

/// Tests if any thread is left: a process whose first thread is a zombie may
/// have other threads, which hold its files.
fn is_active(stat: &[String]) -> bool {
    let threads: u32 = stat[17].parse().expect("a number");
    !matches!(stat[0].as_str(), "Z" | "X") || threads > 1
}

/// Tests if all threads of a process are stopped by a signal: a signal stops a
/// process some time after it was sent.
pub fn stands_still(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process exists");
    tasks.flatten().all(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, state)| state.starts_with('T'))
    })
}

/// Fields of `/proc/<pid>/stat` from the state on, or nothing if there is no
/// such process.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// All processes in the process group of `pid`, which includes its guard.
pub fn group_of(pid: u32) -> Vec<Process> {
    let group = stat(pid).expect("the process exists")[2].clone();
    pids()
        .filter(|&pid| stat(pid).is_some_and(|stat| stat[2] == group))
        .map(Process::of)
        .collect()
}

/// Guard of `pid`: the leader of its group.
pub fn guard_of(pid: u32) -> Process {
    Process::of(
        stat(pid).expect("the process exists")[2]
            .parse()
            .expect("a number"),
    )
}

/// Children of this process, dead but not reaped included.
pub fn own_children() -> Vec<u32> {
    let me = std::process::id().to_string();
    pids()
        .filter(|&pid| stat(pid).is_some_and(|stat| stat[1] == me))
        .collect()
}

/// Children of this process that are dead but not reaped.
pub fn zombies() -> Vec<u32> {
    let mut children = own_children();
    children.retain(|&pid| stat(pid).is_some_and(|stat| stat[0] == "Z"));
    children
}

/// Processes that live and have `marker` among their arguments or in their
/// environment.
pub fn marked(marker: &str) -> Vec<u32> {
    let has = |path: String| {
        fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(marker))
    };
    let me = std::process::id();
    pids()
        .filter(|&pid| pid != me)
        .filter(|pid| has(format!("/proc/{pid}/cmdline")) || has(format!("/proc/{pid}/environ")))
        .filter(|&pid| stat(pid).is_some_and(|stat| is_active(&stat)))
        .collect()
}

/// Polls with growing pauses until the condition holds: for conditions without
/// an event.
pub fn eventually_now(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    while !so() {
        assert!(
            start.elapsed() < DEADLINE,
            "not so after {DEADLINE:?}: {what}"
        );
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Does the same in a runtime that has to continue meanwhile.
pub async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    while !so() {
        assert!(
            start.elapsed() < DEADLINE,
            "not so after {DEADLINE:?}: {what}"
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Another process that runs a test of the same program in the given role.
pub struct Owner {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
}

const ROLE: &str = "CONCLIB_TEST_ROLE";

impl Owner {
    pub fn start(test: &str, role: &str, env: &[(&str, &Path)]) -> Self {
        let mut process = Command::new(env::current_exe().expect("this test"))
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test can run itself");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        Self { process, output }
    }

    /// Waits for a line `key=value`, at any position in the line.
    pub fn tells(&mut self, key: &str) -> String {
        let key = format!("{key}=");
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(
                self.output.read_line(&mut line).expect("readable"),
                0,
                "the owner ended before it told {key}"
            );
            if let Some((_, value)) = line.split_once(&key) {
                return value.trim().to_owned();
            }
        }
    }

    pub fn tells_process(&mut self, key: &str) -> Process {
        Process::of(self.tells(key).parse().expect("a number"))
    }

    /// Sends SIGKILL, so that the owner can do nothing any more.
    pub fn kill(mut self) {
        self.process.kill().expect("it is our child");
        self.process.wait().expect("it is our child");
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Role of this process if it is an [`Owner`].
pub fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// Sends a value to the test that started this owner.
pub fn tell(key: &str, value: impl std::fmt::Display) {
    println!("{key}={value}");
}

/// Stays until killed.
pub async fn stay() {
    std::future::pending::<()>().await;
}

/// Counts the threads of this process with that name. A thread that is just exiting, which another
/// one may have joined already, does not count.
pub fn threads(name: &str) -> usize {
    /// `PF_EXITING` of Linux.
    const EXITING: u64 = 4;

    let of_that_name = |id: &u32| {
        let found = fs::read_to_string(format!("/proc/self/task/{id}/comm"));
        found.is_ok_and(|found| found.trim_end() == name)
    };
    let runs = |id: &u32| {
        let flags = stat(*id).map(|stat| stat[6].parse::<u64>().expect("a number"));
        flags.is_some_and(|flags| flags & EXITING == 0)
    };
    fs::read_dir("/proc/self/task")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id| of_that_name(id) && runs(id))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_is_not_waited_for_is_a_zombie() {
        let mut child = Command::new("true").spawn().expect("a program");
        eventually_now("it has ended", || zombies() == [child.id()]);
        child.wait().expect("it is our child");
        assert_eq!(zombies(), [0; 0]);
    }
}
