//! Redis server that the bench has started.

use std::path::PathBuf;

/// Environment variable with the directory of the server. It has the socket
/// `socket`, and the files `port` and `pid` with a number each.
const DIRECTORY: &str = "BENCH_REDIS";

/// Address of the server.
#[derive(Debug, Clone)]
pub enum Address {
    /// Path of its socket.
    Unix(PathBuf),
    /// Port on this machine.
    Tcp(u16),
}

/// Kind of connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Transport {
    Unix,
    Tcp,
}

/// Directory of the server.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn from_env() -> Self {
        let directory = std::env::var_os(DIRECTORY).expect("the bench has started a server");
        Self(directory.into())
    }

    pub(crate) fn address(&self, transport: Transport) -> Address {
        match transport {
            Transport::Unix => Address::Unix(self.0.join("socket")),
            Transport::Tcp => {
                let port = u16::try_from(self.number("port"));
                Address::Tcp(port.expect("a port has 16 bits"))
            }
        }
    }

    /// Returns the process of the server.
    pub(crate) fn redis(&self) -> u32 {
        self.number("pid")
    }

    fn number(&self, file: &str) -> u32 {
        let text = std::fs::read_to_string(self.0.join(file)).expect("the server runs");
        text.trim().parse().expect("the file has a number")
    }
}
