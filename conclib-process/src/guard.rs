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

/// Signals that end a shell by default and that may reach the guard because it
/// shares a group with the child.
macro_rules! ignore_signals {
    () => {
        "trap '' HUP INT QUIT TERM PIPE USR1 USR2 ALRM TSTP TTIN TTOU\n"
    };
}

/// Script: reports once that it ignores signals, then waits. PIPE is among the
/// ignored signals because the owner may be gone before the `echo`.
const GROUP: &str = concat!(
    ignore_signals!(),
    "echo; exec >/dev/null; read -r line; kill -9 0"
);

/// Script: tries more than once, because a process that is being killed at the
/// same moment may still add files.
const DIRECTORY: &str = concat!(
    ignore_signals!(),
    "read -r line; for attempt in 1 2 3 4 5; do rm -rf -- \"$1\" && break; sleep 1; done"
);

/// Shell that leads a process group of its own and acts when its owner is gone.
///
/// The standard input of the shell is a pipe. The owner holds the only write
/// end (close-on-exec, so no child has it) and never writes. Dropping a guard
/// kills its whole group and reaps it; only end of file, which means that the
/// owner died, makes the shell act.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Reaped only by the drop: until then the kernel cannot give the id of the
    /// group to another one.
    shell: Child,
}

impl Guard {
    /// Starts a guard that kills its group. Also returns a pipe that yields one
    /// byte once signals cannot end the guard any more.
    pub(crate) fn of_group() -> io::Result<(Self, ChildStdout)> {
        let mut shell = command(GROUP).stdout(Stdio::piped()).spawn()?;
        let guard_ready = shell.stdout.take();
        let guard = Self { shell };
        Ok((guard, guard_ready.ok_or(io::ErrorKind::BrokenPipe)?))
    }

    /// Starts a guard that removes `path`, which must be absolute.
    pub(crate) fn of_directory(path: &Path) -> io::Result<Self> {
        let mut search = OsString::from("/usr/bin:/bin:");
        search.push(env::var_os("PATH").unwrap_or_default());
        let shell = command(DIRECTORY).arg(path).env("PATH", search).spawn()?;
        Ok(Self { shell })
    }

    /// Id of the group, for [`CommandExt::process_group`].
    pub(crate) fn group(&self) -> i32 {
        self.shell.id().cast_signed()
    }

    /// Sends a signal to every process in the group, including the guard.
    pub(crate) fn signal(&self, signal: Signal) {
        // The group exists, because its leader is not reaped. The only possible
        // error is a member that belongs to another user; `shutdown` then
        // notices that it does not end.
        let _ = killpg(Pid::from_raw(self.group()), signal);
    }
}

/// Shell without the environment of the owner, which could hold secrets, and
/// variables that change its behaviour.
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
        // Returns soon: nothing can delay a killed shell.
        let _ = self.shell.wait();
    }
}
