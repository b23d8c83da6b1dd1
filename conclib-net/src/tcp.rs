//! Keepalive of a TCP connection, at both ends.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Time without incoming bytes after which the system sends a keepalive probe.
const IDLE: Duration = Duration::from_secs(15);
/// Pause between two probes.
const INTERVAL: Duration = Duration::from_secs(5);
/// Number of unanswered probes after which the connection is dead.
const RETRIES: u32 = 3;

/// Time in which the other side has to acknowledge sent data: the same as for
/// an idle connection.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends small frames at once, and makes the system end a connection whose path
/// has silently died, by a crash of the other machine or by a firewall.
pub(crate) fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(IDLE)
        .with_interval(INTERVAL)
        .with_retries(RETRIES);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

#[cfg(test)]
pub(crate) fn is_kept_alive(stream: &TcpStream) -> io::Result<bool> {
    let socket = SockRef::from(stream);
    Ok(stream.nodelay()?
        && socket.keepalive()?
        && socket.tcp_keepalive_time()? == IDLE
        && socket.tcp_keepalive_interval()? == INTERVAL
        && socket.tcp_keepalive_retries()? == RETRIES
        && socket.tcp_user_timeout()? == Some(USER_TIMEOUT))
}
