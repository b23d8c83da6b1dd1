//! Redis server of one test, which may be killed, frozen and started again.

use std::fs::File;
use std::path::Path;

use conclib_process::{ChildCommand, OwnedChild, PrivateDir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::processes::eventually;

use super::raw::{Raw, Reply};

/// Server on a unix socket, which ends with its test, however that ends.
pub struct OwnServer {
    arguments: Vec<String>,
    child: OwnedChild,
    directory: PrivateDir,
}

impl OwnServer {
    pub async fn start(arguments: &[&str]) -> Self {
        let directory = PrivateDir::new().unwrap();
        let arguments: Vec<_> = arguments.iter().copied().map(String::from).collect();
        let child = spawn(directory.path(), &arguments);
        let server = Self {
            arguments,
            child,
            directory,
        };
        server.ready().await;
        server
    }

    pub fn socket(&self) -> String {
        self.directory.join("r.sock").display().to_string()
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket())
    }

    /// Returns the URL with a login, such as `user:password`.
    pub fn url_as(&self, login: &str) -> String {
        format!("redis+unix://{login}@localhost{}", self.socket())
    }

    /// Kills the server with SIGKILL.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().await.unwrap();
    }

    /// Starts the server again, after it was killed, on the same socket.
    pub async fn restart(&mut self) {
        self.start_again();
        self.ready().await;
    }

    /// Starts the server again, and does not wait until it answers.
    pub fn start_again(&mut self) {
        self.child = spawn(self.directory.path(), &self.arguments);
    }

    /// Returns when all threads of the server stand still.
    pub async fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        support::until(|| support::processes::stands_still(self.child.id())).await;
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(pid, signal).unwrap();
    }

    pub async fn raw(&self) -> Raw {
        Raw::connect(&self.socket()).await.unwrap()
    }

    /// Runs one command on a connection of its own.
    pub async fn run(&self, command: &str) -> Reply {
        self.raw().await.run(command).await
    }

    /// Runs a command whose answer is a text.
    pub async fn text(&self, command: &str) -> String {
        self.run(command).await.text()
    }

    /// Waits until the server answers, also that it is loading.
    async fn ready(&self) {
        let socket = self.socket();
        // A socket that is not there yet has no event.
        let connects = || std::os::unix::net::UnixStream::connect(&socket).is_ok();
        eventually("the server listens", connects).await;
        self.run("PING").await;
    }
}

fn spawn(directory: &Path, arguments: &[String]) -> OwnedChild {
    let socket = directory.join("r.sock");
    // The socket of a killed server accepts nobody, and the next one makes another.
    let _ = std::fs::remove_file(&socket);
    let socket = socket.display().to_string();
    ChildCommand::new("redis-server")
        .args(["--port", "0", "--save", "", "--unixsocket", &socket])
        .args(["--dir", &directory.display().to_string()])
        .args(arguments)
        .spawn()
        .unwrap()
}

/// Number of open files of this process.
pub fn open_files() -> usize {
    // The directory itself is one of them.
    drop(File::open("/dev/null").unwrap());
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
