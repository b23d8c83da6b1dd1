//! `redis`: times requests through a Redis server, which runs for that time.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::args::Options;
use crate::error::Error;
use crate::local;
use crate::peers::Build;

/// Program of the server.
const SERVER: &str = "redis-server";

/// Number of times that a new server is looked for, five milliseconds apart.
const LOOKS: u32 = 1000;

/// Starts a server, builds the programs, measures, and prints the figures.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let server = Server::start()?;
    local::run("redis", options, Build::Redis, Some(&server.directory))
}

/// Server without persistence, with its socket in a private directory.
struct Server {
    directory: PathBuf,
    process: Child,
}

impl Server {
    fn start() -> Result<Self, Error> {
        let directory = std::env::temp_dir().join(format!("bench-redis-{}", std::process::id()));
        let file = |source| Error::File {
            path: directory.clone(),
            source,
        };
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&directory)
            .map_err(file)?;
        let port = free_port().map_err(file)?.to_string();
        std::fs::write(directory.join("port"), &port).map_err(file)?;
        let socket = directory.join("socket");
        let mut command = Command::new(SERVER);
        command
            .args(["--bind", "127.0.0.1", "--port", &port])
            .args(["--save", "", "--appendonly", "no", "--maxclients", "5000"])
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null());
        let process = command.spawn().map_err(|source| Error::Start {
            program: SERVER.to_owned(),
            source,
        })?;
        std::fs::write(directory.join("pid"), process.id().to_string()).map_err(file)?;
        let server = Self { directory, process };
        for _ in 0..LOOKS {
            if answers(&socket).is_ok() {
                return Ok(server);
            }
            sleep(Duration::from_millis(5));
        }
        Err(Error::Silent {
            program: SERVER.to_owned(),
            missing: "answer",
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killing it is enough: the server has no data to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Returns a port that nobody used a moment ago.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn answers(socket: &Path) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(b"PING\r\n")?;
    stream.read_exact(&mut [0; 5])
}
