//! Server process, which the client starts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

/// Environment variable of the server process.
const SERVES: &str = "BENCH_SERVES";

/// Tells whether this process is the server.
pub(crate) fn is_server() -> bool {
    std::env::var_os(SERVES).is_some()
}

/// Tells the client that it can connect. From then on the server ends with it.
pub(crate) fn tell_ready() {
    std::thread::spawn(|| {
        // The client never writes: its end of the pipe closes when it ends.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let mut out = std::io::stdout();
    writeln!(out, "ready").and_then(|()| out.flush()).expect("the client reads");
}

/// Server process.
pub(crate) struct ServerProcess(Child);

impl ServerProcess {
    /// Starts the server with the arguments of this process, and waits until it
    /// is ready.
    pub(crate) fn start(args: &[String]) -> Self {
        let program = std::env::current_exe().expect("there is a program");
        let mut command = Command::new(program);
        command.args(args).env(SERVES, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("the server starts");
        let said = server.stdout.take().expect("the output is a pipe");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("the output is text");
        assert_eq!(line, "ready\n", "the server is ready");
        Self(server)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Killing it is enough: the server has no data to lose.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pins all threads of a process to these cores.
pub(crate) fn pin(process: u32, cores: &str) {
    let process = process.to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", cores, &process]).stdout(Stdio::null());
    let status = command.status().expect("there is a program `taskset`");
    assert!(status.success(), "the process {process} can be pinned to the cores {cores}");
}
