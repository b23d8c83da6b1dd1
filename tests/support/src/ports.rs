//! Ports for servers that other programs have to reach.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

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
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
