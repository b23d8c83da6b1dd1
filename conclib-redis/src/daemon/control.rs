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

/// Connection of the supervisor to its server: a few commands as lines of text.
#[derive(Debug)]
pub(crate) struct Control(BufReader<UnixStream>);

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
    pub(crate) async fn connect(socket: &Path, password: &Secret) -> Result<Self, ControlError> {
        let mut control = Self(BufReader::new(UnixStream::connect(socket).await?));
        let password = password.reveal();
        control
            .ask(&format!("AUTH {SUPERVISOR} {password}"))
            .await?;
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
            Some(("$", length)) => Ok(self.bulk(length).await?),
            _ => Err(garbled().into()),
        }
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

    async fn bulk(&mut self, length: &str) -> io::Result<String> {
        let length = length.parse().ok().filter(|length| *length <= MAX_ANSWER);
        let mut bulk = String::new();
        let mut limited = (&mut self.0).take(length.ok_or_else(garbled)?);
        limited.read_to_string(&mut bulk).await?;
        self.line().await?;
        Ok(bulk)
    }
}

fn garbled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no answer of a redis-server")
}
