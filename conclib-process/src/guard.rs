use std::{
    env,
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Signals that end a shell by default and that may reach the guard because it shares a group with the child.
macro_rules! deaf {
    () => {
        "trap '' HUP INT QUIT TERM PIPE USR1 USR2 ALRM TSTP TTIN TTOU\n"
    };
}

/// Says once that it is deaf, then waits. PIPE is among the ignored signals because the owner may be gone before the `echo`.
const GROUP: &str = concat!(deaf!(), "echo; exec >/dev/null; read -r line; kill -9 0");

/// Tries more than once, because a process that is being killed at the same moment may still add files.
const DIRECTORY: &str = concat!(
    deaf!(),
    "read -r line; for attempt in 1 2 3 4 5; do rm -rf -- \"$1\" && break; sleep 1; done"
);

/// A shell, leader of a process group of its own, that acts when its owner is gone.
///
/// Its standard input is a pipe. The owner holds the only write end (close-on-exec, so no child has it) and never writes.
/// Dropping a guard kills its whole group and reaps it; only end of file, which means that the owner died, lets it act.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Not reaped before the drop: until then the kernel cannot give the group's number to anyone else.
    shell: Child,
}

impl Guard {
    /// Starts a guard that kills its group. What it returns besides yields one byte once signals cannot end it any more.
    pub(crate) fn of_group() -> io::Result<(Self, ChildStdout)> {
        let mut shell = command(GROUP).stdout(Stdio::piped()).spawn()?;
        let deaf = shell.stdout.take();
        let guard = Self { shell };
        Ok((guard, deaf.ok_or(io::ErrorKind::BrokenPipe)?))
    }

    /// Starts a guard that removes `path`, which must be absolute.
    pub(crate) fn of_directory(path: &Path) -> io::Result<Self> {
        let mut search = OsString::from("/usr/bin:/bin:");
        search.push(env::var_os("PATH").unwrap_or_default());
        let shell = command(DIRECTORY).arg(path).env("PATH", search).spawn()?;
        Ok(Self { shell })
    }

    /// The number of the group, for [`CommandExt::process_group`].
    pub(crate) fn group(&self) -> i32 {
        self.shell.id().cast_signed()
    }

    /// Sends a signal to everyone in the group, the guard included.
    pub(crate) fn signal(&self, signal: Signal) {
        // The group exists, because its leader is not reaped. What is left is a member that belongs to another user: such
        // a one shows by not ending.
        let _ = killpg(Pid::from_raw(self.group()), signal);
    }
}

/// The shell without the owner's environment, which could hold secrets, and variables that change what a shell does.
fn command(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script, "conclib-guard"])
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        // Short: a killed shell has nothing that could hold it.
        let _ = self.shell.wait();
    }
}
