//! Child processes of a test, and checks that they are gone.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// Time limit for an expected action of a process.
const PATIENCE: Duration = Duration::from_secs(20);

/// Child process whose lines are read. Killed on drop.
pub struct Kid {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    /// Lines so far, for error messages.
    seen: Vec<String>,
    /// Open pipe: its end tells the child that the test is gone.
    stdin: Option<ChildStdin>,
}

impl Kid {
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (sender, lines) = mpsc::unbounded_channel();
        let stdin = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let lines = BufReader::new(stdout).lines().map_while(Result::ok);
                // Stops when the receiver is gone.
                let _ = lines.map(|line| sender.send(line)).find(Result::is_err);
            });
        }
        Ok(Self {
            child,
            lines,
            seen: Vec::new(),
            stdin,
        })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes a line of its input.
    pub fn write(&mut self, line: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(stdin, "{line}")
    }

    /// Ends its input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for a line that contains `text`, and returns the rest of the line.
    pub async fn said(&mut self, text: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        while let Some(line) = self.lines.recv().await {
            self.seen.push(line);
            let line = self.seen.last().map_or("", String::as_str);
            if let Some((_, rest)) = line.split_once(text) {
                return Ok(rest.to_owned());
            }
        }
        Err(format!("it did not say {text:?}, but {:#?}", self.seen).into())
    }

    /// All lines until it closes its output.
    pub async fn all(&mut self) -> Vec<String> {
        while let Some(line) = self.lines.recv().await {
            self.seen.push(line);
        }
        self.seen.clone()
    }

    /// Sends SIGKILL to this process alone.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }

    /// Sends a signal, by its name, to this process alone.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill")
            .args(["-s", name, "--", &self.id().to_string()])
            .status()?;
        match status.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("kill: {status}"))),
        }
    }

    pub fn exited(&mut self) -> io::Result<ExitStatus> {
        let mut status = None;
        let exited = eventually(|| {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        match (exited, status) {
            (true, Some(status)) => Ok(status),
            _ => Err(io::Error::other("it does not end")),
        }
    }
}

impl Drop for Kid {
    fn drop(&mut self) {
        // The error is ignored: the process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls with growing pauses until `is_so`, or until the time limit: for
/// conditions without an event, such as the end of a process that is no child.
pub fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(1);
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Tests if a process has handlers for SIGINT and SIGTERM.
pub fn listens_to_signals(pid: u32) -> bool {
    const BOTH: u64 = 1 << (2 - 1) | 1 << (15 - 1);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mut caught = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigCgt:"));
    caught
        .next()
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & BOTH == BOTH)
}

/// Data of the kernel about a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub name: String,
    parent: u32,
    group: u32,
    /// Start time, which tells this process from a later one with the same
    /// number.
    started: u64,
}

impl Process {
    /// Reads a process. `None` if it does not exist, or only waits to be
    /// reaped.
    fn look(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses, and may contain any character.
        let (head, tail) = stat.rsplit_once(") ")?;
        let (_, name) = head.split_once('(')?;
        let fields: Vec<_> = tail.split(' ').collect();
        let field = |at: usize| fields.get(at)?.parse().ok();
        if matches!(*fields.first()?, "Z" | "X") {
            return None;
        }
        Some(Self {
            pid,
            name: name.to_owned(),
            parent: u32::try_from(field(1)?).ok()?,
            group: u32::try_from(field(2)?).ok()?,
            started: field(19)?,
        })
    }

    fn all() -> BTreeMap<u32, Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(Self::look)
            .map(|process| (process.pid, process))
            .collect()
    }

    /// Returns a process, its descendants, and all processes in their groups
    /// other than the own group.
    pub fn family(pid: u32) -> Vec<Self> {
        let all = Self::all();
        let ours = Self::look(std::process::id()).map(|own| own.group);
        let mut family: Vec<u32> = vec![pid];
        loop {
            let of_it = |process: &&Self| {
                let groups = || family.iter().filter_map(|pid| all.get(pid));
                !family.contains(&process.pid)
                    && (family.contains(&process.parent)
                        || (Some(process.group) != ours
                            && groups().any(|kin| kin.group == process.group)))
            };
            match all.values().find(of_it) {
                Some(process) => family.push(process.pid),
                None => {
                    return family
                        .iter()
                        .filter_map(|pid| all.get(pid))
                        .cloned()
                        .collect();
                }
            }
        }
    }

    pub fn is_alive(&self) -> bool {
        Self::look(self.pid).is_some_and(|now| now.started == self.started)
    }
}

/// Members of a family that still exist at the time limit.
pub fn survivors(family: &[Process]) -> Vec<&Process> {
    eventually(|| !family.iter().any(Process::is_alive));
    family.iter().filter(|process| process.is_alive()).collect()
}
