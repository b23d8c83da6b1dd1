//! Round trips between two processes over a unix socket. The client starts the
//! same program as the server, which ends when the client does. For counts, both
//! ends run in one process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use harness::Sample;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// Implementation of a round trip.
pub trait RoundTrip: Sized + 'static {
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
/// benches. With a number of rounds, both ends run in this process.
pub fn main<R: RoundTrip>() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, where_, effort @ ..] = args.as_slice() else {
        eprintln!("usage: SCENARIO RUNTIME [ROUNDS | TIMEms]");
        return ExitCode::FAILURE;
    };
    if let Some(path) = std::env::var_os(SOCKET) {
        let path = PathBuf::from(path);
        pin(End::Server, scenario, where_);
        runtime(where_).block_on(serve::<R>(&path));
        return ExitCode::SUCCESS;
    }
    let in_flight = if scenario.contains("64") { 64 } else { 1 };
    let effort = effort.first().map_or("400ms", String::as_str);
    let millis = effort.strip_suffix("ms").and_then(|text| text.parse().ok());
    let sample = match (millis, effort.parse()) {
        (Some(millis), _) => timed::<R>(scenario, where_, Duration::from_millis(millis), in_flight),
        (None, Ok(rounds)) => counted::<R>(rounds, in_flight),
        (None, Err(_)) => Sample::default(),
    };
    println!("{sample}");
    ExitCode::SUCCESS
}

/// Serves, and says by a file that clients can connect.
async fn serve<R: RoundTrip>(path: &Path) {
    let ready = path.with_extension("ready");
    R::serve(path, || {
        std::fs::write(ready, "").expect("the directory is writable");
    })
    .await;
}

/// Times round trips to a process of its own.
fn timed<R: RoundTrip>(scenario: &str, where_: &str, limit: Duration, in_flight: u64) -> Sample {
    let place = Place::new();
    let _server = Server::start(&place, scenario, where_);
    pin(End::Client, scenario, where_);
    let ns = runtime(where_).block_on(async {
        let mut client = R::connect(&place.path()).await;
        client.go(64 * in_flight, in_flight).await;
        let (start, mut done) = (Instant::now(), 0);
        while start.elapsed() < limit {
            client.go(200 * in_flight, in_flight).await;
            done += 200 * in_flight;
        }
        start.elapsed().as_nanos() as f64 / done as f64
    });
    Sample::default().with("ns", ns)
}

/// Makes round trips to this process, on one thread, and counts the allocations
/// of both ends.
fn counted<R: RoundTrip>(rounds: u64, in_flight: u64) -> Sample {
    let place = Place::new();
    runtime("current").block_on(async {
        let local = LocalSet::new();
        let path = place.path();
        local.spawn_local(async move { serve::<R>(&path).await });
        local
            .run_until(async {
                while !place.is_ready() {
                    tokio::task::yield_now().await;
                }
                let mut client = R::connect(&place.path()).await;
                client.go(64 * in_flight, in_flight).await;
                let before = harness::allocations();
                client.go(rounds, in_flight).await;
                Sample::default().with_allocations(before, rounds)
            })
            .await
    })
}

fn runtime(name: &str) -> Runtime {
    let mut builder = match name {
        "multi" => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.worker_threads(2).enable_all().build().expect("a runtime can be built")
}

/// End of the connection.
#[derive(PartialEq, Eq)]
enum End {
    Client,
    Server,
}

/// Pins this process to cores: both ends to one, or one end to each of two. Two
/// workers at each end share both cores.
fn pin(end: End, scenario: &str, runtime: &str) {
    let cores = match scenario.ends_with("-2-cores") {
        true if runtime == "multi" => "0,1",
        true if end == End::Server => "1",
        _ => "0",
    };
    let process = std::process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", cores, &process]).stdout(Stdio::null());
    let status = command.status().expect("there is a program `taskset`");
    assert!(status.success(), "this process can be pinned to the cores {cores}");
}

/// Directory of a socket.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("bench-unix-{}", std::process::id()));
        std::fs::create_dir(&dir).expect("the directory is new");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&dir, mode).expect("the directory is ours");
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.join("s")
    }

    fn is_ready(&self) -> bool {
        self.path().with_extension("ready").exists()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Server process.
struct Server(Child);

impl Server {
    /// Starts the server with the arguments of this process, and waits until
    /// it is ready.
    fn start(place: &Place, scenario: &str, where_: &str) -> Self {
        let program = std::env::current_exe().expect("there is a program");
        let mut command = Command::new(program);
        command.args([scenario, where_]).env(SOCKET, place.path());
        let server = Self(command.spawn().expect("the server starts"));
        while !place.is_ready() {
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killing it is enough: the server has no data to lose.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
