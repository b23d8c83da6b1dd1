//! Keepalive of a TCP connection, at both ends.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A connection on which nothing comes for this long is asked for a sign of
/// life by the system.
const IDLE: Duration = Duration::from_secs(15);
/// The pause until the next time it is asked.
const INTERVAL: Duration = Duration::from_secs(5);
/// A connection that has not answered so often is gone.
const RETRIES: u32 = 3;

/// The time in which the other side has to take note of what was sent: as long
/// as an idle connection has.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends small frames at once, and has the system end a connection whose path
/// has died without a word: by a crash of the other machine, by a firewall.
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
