//! Servers of every kind, as processes of their own.
#![allow(clippy::print_stdout, reason = "a server tells by a print")]

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use conclib_apid::{ApiCommand, ApiDaemon, Health, StartApiError, Unhealthy, start_api};

use support::processes::{GRACE, eventually};

/// Long enough for a server that becomes healthy, on the slowest machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

const SERVER: &str = "CONCLIB_TEST_SERVER";
const ADDRESS: &str = "CONCLIB_TEST_ADDRESS";

/// Address of this host that no other test uses, in this process or in a
/// concurrent one.
pub(crate) fn address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., a, b] = std::process::id().to_be_bytes();
    (
        Ipv4Addr::new(127, a, b, NEXT.fetch_add(1, Ordering::Relaxed)),
        8000,
    )
        .into()
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}/healthz")
}

/// A server that behaves as `kind` says: this test file again, in another process.
pub(crate) fn server(kind: &str, address: SocketAddr) -> ApiCommand<Health> {
    served_by(
        ApiCommand::new(env::current_exe().expect("this test")),
        kind,
        address,
    )
}

/// The same behind a shell that runs `script` first, with `"$@"` for the server.
pub(crate) fn server_behind(script: &str, kind: &str, address: SocketAddr) -> ApiCommand<Health> {
    let shell = ApiCommand::new("sh").args(["-c", script, "sh"]);
    served_by(
        shell.arg(env::current_exe().expect("this test")),
        kind,
        address,
    )
}

fn served_by(command: ApiCommand, kind: &str, address: SocketAddr) -> ApiCommand<Health> {
    command
        .args([
            &support::test_name!(child_server),
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(SERVER, kind)
        .env(ADDRESS, address.to_string())
        .timeout(TIMEOUT)
        .grace(GRACE)
        .health(url(address))
}

/// Starts a server that never becomes healthy, until a check ends otherwise
/// than with a refused connection.
pub(crate) async fn last_answer(kind: &str) -> Unhealthy {
    for seconds in [1, 2, 4, 8, 16] {
        let start = Instant::now();
        let limit = Duration::from_secs(seconds);
        match start_api(server(kind, address()).timeout(limit)).await {
            Err(StartApiError::NotHealthy {
                last: Unhealthy::Unreachable(_),
                ..
            }) => {}
            Err(StartApiError::NotHealthy { last, .. }) => {
                assert!(start.elapsed() < limit + TIMEOUT / 2);
                return last;
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
    panic!("{kind}: the server does not even listen");
}

/// Waits for a line of output that consists of `key` and a number.
pub(crate) async fn said_number(api: &ApiDaemon, key: &str) -> u32 {
    let find = || {
        api.tail()
            .lines()
            .find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    eventually(key, || find().is_some()).await;
    find().expect("just seen")
}

/// Not a test: the process of a server, which serves for ever.
#[test]
fn child_server() {
    let (Ok(kind), Ok(address)) = (env::var(SERVER), env::var(ADDRESS)) else {
        return;
    };
    let listener = TcpListener::bind(address).expect("the address is free");
    println!("\nserving {}", std::process::id());
    for (count, stream) in listener.incoming().enumerate() {
        // An answer may fail, as the client may leave at any time.
        let _ = stream.and_then(|stream| answer(&kind, count, stream));
    }
}

fn answer(kind: &str, count: usize, mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?).lines();
    let first = request.next().transpose()?.unwrap_or_default();
    while request
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let ok = r#"{"status":"ok"}"#;
    match kind {
        "healthy" if first == "GET /healthz HTTP/1.1" => respond(&mut stream, "200 OK", ok),
        "healthy" => respond(&mut stream, "404 Not Found", &first),
        "healthy at the third question" if count < 2 => {
            respond(&mut stream, "503 Service Unavailable", "wait")
        }
        "healthy at the third question" => respond(&mut stream, "200 OK", ok),
        "silent" => loop {
            std::thread::park();
        },
        "endless head" => {
            write!(stream, "HTTP/1.1 200 OK\r\n")?;
            loop {
                write!(stream, "X-More: {}\r\n", "x".repeat(1000))?;
            }
        }
        "endless body" => {
            write!(stream, "HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 1000])?;
            }
        }
        "garbage" => write!(stream, "SSH-2.0-OpenSSH_9.2\r\n"),
        "closes" => Ok(()),
        status => respond(&mut stream, status, ""),
    }
}

fn respond(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
