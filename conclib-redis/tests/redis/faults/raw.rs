//! Connection to a Redis server for the commands of a test.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

/// Connection that speaks RESP2.
pub struct Raw(BufReader<UnixStream>);

#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Text(String),
    Error(String),
    Integer(i64),
    Nothing,
    Bytes(Vec<u8>),
    List(Vec<Reply>),
}

impl Raw {
    pub async fn connect(socket: &str) -> io::Result<Self> {
        UnixStream::connect(socket)
            .await
            .map(BufReader::new)
            .map(Self)
    }

    /// Runs a command, whose words are separated by spaces.
    pub async fn run(&mut self, command: &str) -> Reply {
        let words: Vec<_> = command.split_whitespace().map(str::as_bytes).collect();
        self.command(&words).await
    }

    pub async fn command(&mut self, words: &[&[u8]]) -> Reply {
        self.send(words).await;
        self.reply().await
    }

    pub async fn send(&mut self, words: &[&[u8]]) {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend(format!("${}\r\n", word.len()).into_bytes());
            bytes.extend_from_slice(word);
            bytes.extend(b"\r\n");
        }
        self.0.write_all(&bytes).await.unwrap();
    }

    /// Publishes a message, and returns the number of its receivers.
    pub async fn publish(&mut self, channel: &str, message: &[u8]) -> i64 {
        let words = [b"SPUBLISH", channel.as_bytes(), message];
        self.command(&words).await.integer()
    }

    /// Reads the next reply, or the next message of a subscription.
    pub async fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        let rest = line.get(1..).unwrap_or_default().trim_end();
        match line.as_bytes().first() {
            Some(b'+') => Reply::Text(rest.into()),
            Some(b'-') => Reply::Error(rest.into()),
            Some(b':') => Reply::Integer(rest.parse().unwrap()),
            Some(b'$') => {
                let Ok(len) = rest.parse::<usize>() else {
                    return Reply::Nothing;
                };
                let mut bytes = vec![0; len + 2];
                self.0.read_exact(&mut bytes).await.unwrap();
                bytes.truncate(len);
                Reply::Bytes(bytes)
            }
            Some(b'*') => {
                let mut list = Vec::new();
                for _ in 0..rest.parse::<usize>().unwrap_or(0) {
                    list.push(Box::pin(self.reply()).await);
                }
                Reply::List(list)
            }
            other => panic!("the server answers {other:?}"),
        }
    }
}

impl Reply {
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => panic!("no number: {other:?}"),
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Error(text) => text,
            Self::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// Tells whether a text is anywhere in the reply.
    pub fn has(&self, text: &str) -> bool {
        match self {
            Self::List(list) => list.iter().any(|reply| reply.has(text)),
            Self::Bytes(bytes) => bytes == text.as_bytes(),
            _ => false,
        }
    }

    pub fn list(self) -> Vec<Self> {
        match self {
            Self::List(list) => list,
            other => panic!("no list: {other:?}"),
        }
    }
}
