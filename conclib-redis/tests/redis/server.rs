//! Redis server of the test program.

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use conclib_process::{ChildCommand, OwnedChild, PrivateDir};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

/// Server that ends with this program, however that ends.
struct Server {
    socket: String,
    _child: OwnedChild,
    _directory: PrivateDir,
    _runtime: Runtime,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let start = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let directory = PrivateDir::new().unwrap();
        let socket = directory.join("r.sock").display().to_string();
        let child = runtime.block_on(async {
            let child = ChildCommand::new("redis-server")
                .args(["--port", "0", "--save", "", "--unixsocket", &socket])
                .spawn()
                .unwrap();
            while !answers(&socket).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            child
        });
        Server {
            socket,
            _child: child,
            _directory: directory,
            _runtime: runtime,
        }
    };
    // A test may run in a runtime of its own, in which no other can be blocked on.
    std::thread::spawn(start).join().unwrap()
});

async fn answers(socket: &str) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket).await else {
        return false;
    };
    let mut answer = [0; 5];
    stream.write_all(b"PING\r\n").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer == *b"+PONG"
}

/// Returns the socket of the server.
pub fn socket() -> &'static str {
    &SERVER.socket
}

/// Makes a namespace that no other test has.
pub fn namespace() -> String {
    static NEXT: Mutex<u32> = Mutex::new(0);
    let mut next = NEXT.lock().unwrap();
    *next += 1;
    format!("test-{next}")
}
