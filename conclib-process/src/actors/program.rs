//! Process of an actor, from the side of its owner: its start, its output, its end.

use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use conclib_core::{ProcessExit, ProcessStatus};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tracing::Level;

use super::control::{ControlSocket, pass_first};
use super::entry::Entrance;
use super::events::level_of;
use super::spec::Spec;
use crate::output::{LineEvents, Output};

/// Settings of the processes of an actor.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) spec: Spec,
    pub(super) entrance: Entrance,
    pub(super) env: Vec<(OsString, Option<OsString>)>,
    pub(super) dir: Option<PathBuf>,
    /// Niceness, added to the one of this process.
    pub(super) nice: Option<i32>,
}

impl Launch {
    /// Returns the command of the program. `nice` becomes the program, and stays the same process.
    fn program(&self) -> io::Result<Command> {
        let executable = executable()?;
        Ok(match self.nice {
            None => Command::new(executable),
            Some(nice) => {
                let mut command = Command::new("nice");
                command.arg("-n").arg(nice.to_string()).arg(executable);
                command
            }
        })
    }
}

/// Process of an actor, which leads a group of its own. A drop kills the group.
#[derive(Debug)]
pub(super) struct Program {
    /// Reaped by this value alone, and last: until then the kernel cannot give the number to another
    /// process or group. `None` once it is reaped.
    child: Option<Child>,
    pid: u32,
    /// End of a process that is reaped.
    status: ProcessStatus,
    /// Ends of any children of this process.
    ends: SignalStream,
    output: Output,
}

/// Number of output lines in the reason for an end.
const LAST_LINES: usize = 20;

/// Time that a drop blocks for a killed process.
const DROP_LIMIT: Duration = Duration::from_millis(250);

impl Program {
    /// Starts the process, and returns the sockets to it: that of the session, and the one beside it.
    pub(super) fn start(launch: &Launch) -> io::Result<(Self, UnixStream, ControlSocket)> {
        let ends = signal(SignalKind::child())?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (control, their_control) = ControlSocket::pair()?;
        pass_first(&ours, their_control.as_fd())?;
        let mut command = launch.program()?;
        command
            .args(launch.entrance.args())
            .arg(launch.spec.to_arg()?)
            .env_remove(crate::command::AUTHKEY)
            .process_group(0)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (key, value) in &launch.env {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        if let Some(dir) = &launch.dir {
            command.current_dir(dir);
        }
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pid = child.id();
        tracing::debug!(target: "conclib::process", actor = launch.spec.actor, pid, "process started");
        let mut program = Self {
            child: Some(child),
            pid,
            status: ProcessStatus::Unknown,
            ends,
            output: Output::new(LineEvents {
                program: launch.spec.actor.clone(),
                pid,
                banner: launch.entrance.banner(),
                instead: None,
                level: |stream, line| match stream {
                    "stderr" => level_of(line),
                    _ => (Level::INFO, line),
                },
            }),
        };
        // An error drops the process, which kills it.
        let stdout = stdout.map(ChildStdout::from_std).transpose()?;
        program.output.read("stdout", stdout);
        let stderr = stderr.map(ChildStderr::from_std).transpose()?;
        program.output.read("stderr", stderr);
        Ok((program, ours, control))
    }

    /// Returns the id of the process.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills the process and all others of its group.
    pub(super) fn kill(&self) {
        if self.child.is_some() {
            self.signal_group();
        }
    }

    fn signal_group(&self) {
        // The leader is not reaped, so its group is there.
        let _ = killpg(Pid::from_raw(self.pid.cast_signed()), Signal::SIGKILL);
    }

    /// Waits until the process has exited, kills the rest of its group, and returns its end. All
    /// its output has been read then. Cancel safe, and can be called again.
    pub(super) async fn exited(&mut self) -> ProcessExit {
        while !self.has_exited() {
            self.ends.recv().await;
        }
        self.reap();
        self.output.finish().await;
        let tail = self.output.tail();
        let said = tail.lines().filter(|line| !line.is_empty());
        let mut lines: Vec<&str> = said.rev().take(LAST_LINES).collect();
        lines.reverse();
        ProcessExit::new(self.pid, self.status, lines.join("\n"))
    }

    /// Tests if the process has exited, without reaping it.
    fn has_exited(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let id = Id::Pid(Pid::from_raw(self.pid.cast_signed()));
        self.child.is_none() || !matches!(waitid(id, flags), Ok(WaitStatus::StillAlive))
    }

    /// Kills what is left of the group of a process that has exited, and reaps the process.
    fn reap(&mut self) {
        self.kill();
        if let Some(Ok(status)) = self.child.take().map(|mut child| child.wait()) {
            self.status = described(status);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        self.signal_group();
        let until = Instant::now() + DROP_LIMIT;
        let mut pause = Duration::from_micros(100);
        while let Ok(None) = child.try_wait() {
            if Instant::now() >= until {
                let reaper = thread::Builder::new().name("conclib-reaper".into());
                let _ = reaper.spawn(move || child.wait());
                return;
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }
}

fn described(status: ExitStatus) -> ProcessStatus {
    match (status.code(), status.signal()) {
        (Some(code), _) => ProcessStatus::Code(code),
        (None, Some(signal)) => ProcessStatus::Signal(signal),
        (None, None) => ProcessStatus::Unknown,
    }
}

/// Path of the program of this process. A program that was replaced since its start is still there
/// under another path on Linux, and the new one would be another build.
fn executable() -> io::Result<PathBuf> {
    const SELF: &str = "/proc/self/exe";
    let path = env::current_exe()?;
    match (fs::metadata(&path), fs::metadata(SELF)) {
        (Ok(path_is), Ok(is)) if !same_file(&path_is, &is) => Ok(SELF.into()),
        (Err(_), Ok(_)) => Ok(SELF.into()),
        _ => Ok(path),
    }
}

fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
