//! Round trips between two processes over a unix socket. The client starts the
//! same program as the server, which ends when the client does.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// Implementation of a round trip.
pub trait RoundTrip: Sized {
    /// Serves on this path for ever; calls `ready` when clients can connect.
    fn serve(path: &Path, ready: impl FnOnce()) -> impl Future<Output = ()>;

    /// Connects to the server.
    fn connect(path: &Path) -> impl Future<Output = Self>;

    /// Makes so many round trips, with a fixed number under way.
    fn go(&mut self, rounds: u64, in_flight: u64) -> impl Future<Output = ()>;
}

/// Environment variable with the path of the server; a client starts the server
/// with it.
const SOCKET: &str = "BENCH_SOCKET";

/// Runs the program: `SCENARIO RUNTIME [ROUNDS | TIMEms]`, as the other
/// benches.
pub fn main<R: RoundTrip>() -> ExitCode {
    if let Some(path) = std::env::var_os(SOCKET) {
        let path = PathBuf::from(path);
        let ready = path.with_extension("ready");
        runtime("current").block_on(R::serve(&path, || {
            std::fs::write(ready, "").expect("the directory is writable");
        }));
        return ExitCode::SUCCESS;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, where_, effort @ ..] = args.as_slice() else {
        eprintln!("usage: SCENARIO RUNTIME [ROUNDS | TIMEms]");
        return ExitCode::FAILURE;
    };
    let in_flight = match scenario.as_str() {
        "round-trip" => 1,
        "in-flight-64" => 64,
        _ => {
            eprintln!("no scenario `{scenario}`: round-trip or in-flight-64");
            return ExitCode::FAILURE;
        }
    };
    let effort = effort.first().map_or("400ms", String::as_str);
    let millis = effort.strip_suffix("ms").and_then(|text| text.parse().ok());
    let limit = Duration::from_millis(millis.unwrap_or(0));
    // Number of rounds, for counting the cost of one of them.
    let rounds: u64 = effort.parse().unwrap_or(0);
    let server = Server::start();
    let ns = runtime(where_).block_on(async {
        let mut client = R::connect(&server.path).await;
        client.go(64 * in_flight, in_flight).await;
        let (start, mut done) = (Instant::now(), rounds);
        client.go(rounds, in_flight).await;
        while start.elapsed() < limit {
            client.go(200 * in_flight, in_flight).await;
            done += 200 * in_flight;
        }
        start.elapsed().as_nanos() as f64 / done as f64
    });
    println!("{{\"ns\":{ns:.4}}}");
    ExitCode::SUCCESS
}

fn runtime(name: &str) -> Runtime {
    let mut builder = match name {
        "multi" => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.worker_threads(2).enable_all().build().expect("a runtime can be built")
}

/// Server process.
struct Server {
    child: Child,
    dir: PathBuf,
    path: PathBuf,
}

impl Server {
    fn start() -> Self {
        let dir = std::env::temp_dir().join(format!("bench-unix-{}", std::process::id()));
        std::fs::create_dir(&dir).expect("the directory is new");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&dir, mode).expect("the directory is ours");
        let path = dir.join("s");
        let child = Command::new(std::env::current_exe().expect("there is a program"))
            .env(SOCKET, &path)
            .spawn()
            .expect("the server starts");
        let server = Self { child, dir, path };
        while !server.path.with_extension("ready").exists() {
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killing it is enough: the server has no data to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
