use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use tokio::{
    process::{ChildStdout, Command},
    runtime::Handle,
};
use tracing::Level;

use crate::{
    child::OwnedChild,
    child_group::ChildGroup,
    error::SpawnError,
    guard::Guard,
    output::{LineEvents, LogLine, Output},
};

/// Environment variable with the key of a proxy and its clients; a child does
/// not inherit it.
pub(crate) const AUTHKEY: &str = "CONCLIB_AUTHKEY";

/// Foreign program, and its settings for a start.
///
/// The program runs without a shell, by default with an empty standard input, in a process group of its own. One command can
/// start many children.
///
/// # Environment
///
/// A child inherits the environment of its owner except `CONCLIB_AUTHKEY`: the
/// key that lets a process ask actors must be passed on purpose, by
/// [`env`](Self::env). [`env_remove`](Self::env_remove) and
/// [`env_clear`](Self::env_clear) remove more variables.
///
/// # Examples
///
/// ```
/// use conclib_process::ChildCommand;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut child = ChildCommand::new("sh")
///     .args(["-c", "test \"$GREETING\" = hello && test \"$PWD\" = /"])
///     .env("GREETING", "hello")
///     .current_dir("/")
///     .spawn()?;
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ChildCommand {
    program: OsString,
    args: Vec<OsString>,
    inherits: bool,
    /// Changes in their order; `None` removes a variable.
    env: Vec<(OsString, Option<OsString>)>,
    dir: Option<PathBuf>,
    stdin: Option<Arc<File>>,
    log: Option<LogLine>,
}

impl ChildCommand {
    /// Names the program: a path, or a name that is looked up in `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            args: Vec::new(),
            inherits: true,
            env: Vec::new(),
            dir: None,
            stdin: None,
            log: None,
        }
    }

    /// Adds one argument. The program gets it unchanged: there is no shell, so
    /// nothing needs quoting.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    /// Sets an environment variable. Pass a secret by one, and not by an
    /// argument: arguments can be read by every user.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((key.as_ref().into(), Some(value.as_ref().into())));
        self
    }

    /// Removes an environment variable: one of the owner is not inherited, and
    /// one set by [`env`](Self::env) is dropped.
    #[must_use]
    pub fn env_remove(mut self, key: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().into(), None));
        self
    }

    /// Removes all environment variables: those of the owner are not inherited,
    /// and those set by [`env`](Self::env) so far are dropped.
    ///
    /// A program that is given by its name alone is then searched in the
    /// default path of the system: give its full path, or set `PATH` again.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.inherits = false;
        self.env.clear();
        self
    }

    /// Sets the directory in which the program runs; by default that of its owner.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().into());
        self
    }

    /// Sets the standard input of the program; by default it is empty.
    ///
    /// All children share the position in the file, and a lock on it: a lock that the owner has taken by
    /// [`File::try_lock`] is held until the file is closed here and all children have ended.
    #[must_use]
    pub fn stdin(mut self, file: File) -> Self {
        self.stdin = Some(Arc::new(file));
        self
    }

    /// Sets the function that logs each line of output; by default it is an event of `tracing`, as the [crate docs](crate)
    /// describe. The function gets the process id, the name of the stream and the line, and must not block.
    #[must_use]
    pub fn log(mut self, log: fn(pid: u32, stream: &str, line: &str)) -> Self {
        self.log = Some(log);
        self
    }

    /// Returns the name or path of the program.
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// Starts the program, and returns once it runs.
    ///
    /// This blocks for as long as it takes to start two processes, a few milliseconds.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], whose text says what was wrong and what to do. Nothing
    /// is left behind.
    ///
    /// # Panics
    ///
    /// In a tokio runtime whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_process::{ChildCommand, SpawnError};
    ///
    /// // Somebody has to read the child's output, and that is a task:
    /// let error = ChildCommand::new("true").spawn().unwrap_err();
    /// assert!(matches!(error, SpawnError::NoRuntime { .. }));
    /// ```
    pub fn spawn(&self) -> Result<OwnedChild, SpawnError> {
        let program = self.program.to_string_lossy().into_owned();
        if Handle::try_current().is_err() {
            return Err(SpawnError::NoRuntime { program });
        }
        let guarded = Guard::of_group()
            .and_then(|(guard, guard_ready)| Ok((guard, ChildStdout::from_std(guard_ready)?)));
        let (guard, guard_ready) = guarded.map_err(|source| SpawnError::Guard {
            program: program.clone(),
            source,
        })?;

        // Every error from here on drops the guard, which kills its group.
        let mut child = self
            .command()
            .map_err(|error| self.refused(error))?
            .process_group(guard.group())
            .spawn()
            .map_err(|error| self.refused(error))?;
        // A child has an id until it is reaped, which has not happened yet.
        let pid = child.id().unwrap_or_default();
        tracing::debug!(target: "conclib::process", program, pid, "child started");

        let mut output = Output::new(LineEvents {
            program,
            pid,
            banner: "",
            instead: self.log,
            level: |_, line| (Level::INFO, line),
        });
        output.read("stdout", child.stdout.take());
        output.read("stderr", child.stderr.take());
        Ok(OwnedChild::new(
            ChildGroup {
                pid,
                child,
                guard_ready,
                guard,
            },
            output,
        ))
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if self.inherits {
            command.env_remove(AUTHKEY);
        } else {
            command.env_clear();
        }
        for (key, value) in &self.env {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        let stdin = match &self.stdin {
            Some(file) => file.try_clone()?.into(),
            None => Stdio::null(),
        };
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        Ok(command)
    }

    fn refused(&self, source: io::Error) -> SpawnError {
        let program = self.program.to_string_lossy().into_owned();
        // The system has one error for a missing program and a missing
        // directory.
        if let Some(dir) = &self.dir
            && let Err(source) = dir.join(".").metadata()
        {
            return SpawnError::CurrentDir {
                program,
                dir: dir.clone(),
                source,
            };
        }
        match source.kind() {
            io::ErrorKind::NotFound => SpawnError::NotFound {
                searched: self.searched(),
                program,
                source,
            },
            io::ErrorKind::PermissionDenied => SpawnError::NotExecutable { program, source },
            _ => SpawnError::Start { program, source },
        }
    }

    fn searched(&self) -> String {
        if self.program.as_encoded_bytes().contains(&b'/') {
            return self.program.to_string_lossy().into_owned();
        }
        let own = self.env.iter().rev().find(|(key, _)| key == "PATH");
        let path = match own {
            Some((_, path)) => path.clone(),
            None if self.inherits => env::var_os("PATH"),
            None => None,
        };
        path.unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl fmt::Debug for ChildCommand {
    /// Shows the names of the environment variables, not their values: they may
    /// be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = |set: bool| -> Vec<_> {
            let these = self.env.iter().filter(|(_, value)| value.is_some() == set);
            these.map(|(key, _)| key).collect()
        };
        f.debug_struct("ChildCommand")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("inherits", &self.inherits)
            .field("env", &keys(true))
            .field("env_remove", &keys(false))
            .field("dir", &self.dir)
            .finish()
    }
}
