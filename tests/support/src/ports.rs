//! Ports for servers that other programs have to reach.

use std::net::SocketAddr;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::TcpSocket;

/// Ports that Linux gives to no connection by itself: one of those could have a port before its
/// server has started, or while it is away.
const FIRST: u32 = 12_000;
const PORTS: u32 = 20_000;

/// Returns a port of 127.0.0.1 that is free, and that no other test of this process gets.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let of_this_process = process::id().wrapping_mul(100);
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + of_this_process.wrapping_add(given) % PORTS;
        let port = u16::try_from(port).expect("a port");
        if is_free(SocketAddr::from(([127, 0, 0, 1], port))) {
            return port;
        }
    }
}

/// Tests if no server listens. Does not listen either: a process that another test starts at this moment
/// inherits the socket, until it runs its program.
fn is_free(address: SocketAddr) -> bool {
    let bound = TcpSocket::new_v4().and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    });
    bound.is_ok()
}
