use std::{io, path::Path};

use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use super::secret::Secret;

/// Longest line and longest bulk answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Name of the user by which the supervisor speaks to the server: it may only PING and ask for INFO.
pub(crate) const SUPERVISOR: &str = "conclib-supervisor";

/// Connection to a server of this process: a few commands as lines of text.
#[derive(Debug)]
pub(crate) struct Control(BufReader<UnixStream>);

/// Figures that a server tells of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) used_memory: u64,
    pub(crate) aof_delayed_fsync: u64,
    pub(crate) blocked_clients: u64,
}

/// Reason why a command has no answer.
#[derive(Debug, Error)]
pub(crate) enum ControlError {
    /// No connection, or no answer in the protocol of Redis.
    #[error("no connection: {0}")]
    Unreachable(#[from] io::Error),
    /// Error that the server answered, such as `LOADING …`: it runs.
    #[error("{0}")]
    Refused(String),
}

impl Control {
    pub(crate) async fn connect(
        socket: &Path,
        user: &str,
        password: &Secret,
    ) -> Result<Self, ControlError> {
        let mut control = Self(BufReader::new(UnixStream::connect(socket).await?));
        let password = password.reveal();
        control.ask(&format!("AUTH {user} {password}")).await?;
        Ok(control)
    }

    /// Sends one command, and returns the text of its answer.
    pub(crate) async fn ask(&mut self, command: &str) -> Result<String, ControlError> {
        let stream = self.0.get_mut();
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await?;
        let line = self.line().await?;
        match line.split_at_checked(1) {
            Some(("+" | ":", text)) => Ok(text.to_owned()),
            Some(("-", text)) => Err(ControlError::Refused(text.to_owned())),
            Some(("$", length)) => {
                let text = self.bulk(length).await?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            _ => Err(garbled().into()),
        }
    }

    /// Sends one command of words that may have any bytes, and returns the texts and numbers of its answer, without its nesting.
    pub(crate) async fn list(&mut self, words: &[&[u8]]) -> Result<Vec<Vec<u8>>, ControlError> {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            command.extend(format!("${}\r\n", word.len()).into_bytes());
            command.extend_from_slice(word);
            command.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&command).await?;
        let (mut left, mut list) = (1_u64, Vec::new());
        while left > 0 {
            left -= 1;
            let line = self.line().await?;
            match line.split_at_checked(1) {
                Some(("*", count)) => left += count.parse::<u64>().map_err(|_| garbled())?,
                Some(("$", length)) => list.push(self.bulk(length).await?),
                Some(("+" | ":", text)) => list.push(text.into()),
                Some(("-", text)) => return Err(ControlError::Refused(text.to_owned())),
                _ => return Err(garbled().into()),
            }
        }
        Ok(list)
    }

    /// Returns the figures that the server tells of itself.
    pub(crate) async fn figures(&mut self) -> Result<Figures, ControlError> {
        let info = self.ask("INFO clients memory persistence").await?;
        let number = |name: &str| {
            let mut values = info.lines().filter_map(|line| line.strip_prefix(name));
            values.next().and_then(|value| value.parse().ok())
        };
        Ok(Figures {
            used_memory: number("used_memory:").ok_or_else(garbled)?,
            // Absent without an append-only file.
            aof_delayed_fsync: number("aof_delayed_fsync:").unwrap_or(0),
            blocked_clients: number("blocked_clients:").ok_or_else(garbled)?,
        })
    }

    /// Returns the id that the server has made up at its start.
    pub(crate) async fn run_id(&mut self) -> Result<String, ControlError> {
        let info = self.ask("INFO server").await?;
        let mut ids = info.lines().filter_map(|line| line.strip_prefix("run_id:"));
        Ok(ids.next().ok_or_else(garbled)?.to_owned())
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut limited = (&mut self.0).take(MAX_ANSWER);
        limited.read_until(b'\n', &mut line).await?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    async fn bulk(&mut self, length: &str) -> io::Result<Vec<u8>> {
        let length = length.parse().ok().filter(|length| *length <= MAX_ANSWER);
        let mut bulk = Vec::new();
        let mut limited = (&mut self.0).take(length.ok_or_else(garbled)?);
        limited.read_to_end(&mut bulk).await?;
        self.line().await?;
        Ok(bulk)
    }
}

fn garbled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no answer of a redis-server")
}
