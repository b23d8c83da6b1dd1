//! Redis server on a TCP port without a password, as the original package needs it.

use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use conclib_process::{ChildCommand, OwnedChild, PrivateDir};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// Server that ends with this program, however that ends.
pub struct Server {
    pub port: u16,
    _child: OwnedChild,
    _directory: PrivateDir,
    runtime: Option<Runtime>,
}

static SHARED: LazyLock<Arc<Server>> = LazyLock::new(|| Arc::new(Server::start()));

impl Server {
    /// Returns the server of the test program.
    pub fn shared() -> Arc<Self> {
        SHARED.clone()
    }

    /// Starts a server of a test's own.
    pub fn start() -> Self {
        // A test may run in a runtime of its own, in which no other can be blocked on.
        std::thread::spawn(|| {
            std::iter::repeat_with(Self::try_start)
                .flatten()
                .next()
                .unwrap()
        })
        .join()
        .unwrap()
    }

    /// Starts a server; `None` if another program has taken its port.
    fn try_start() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let directory = PrivateDir::new().unwrap();
        let started = runtime.block_on(async {
            let mut child = ChildCommand::new("redis-server")
                .args([
                    "--port",
                    &port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "::1",
                    "--save",
                    "",
                ])
                .current_dir(directory.path())
                .spawn()
                .unwrap();
            loop {
                if let Ok(Some(_)) = child.try_status() {
                    return None;
                }
                if let Ok(mut raw) = Raw::connect(port).await
                    && raw
                        .command(&["PING"])
                        .await
                        .is_ok_and(|lines| lines == ["PONG"])
                {
                    return Some(child);
                }
                tokio::task::yield_now().await;
            }
        });
        Some(Self {
            port,
            _child: started?,
            _directory: directory,
            runtime: Some(runtime),
        })
    }

    pub async fn raw(&self) -> Raw {
        Raw::connect(self.port).await.unwrap()
    }

    /// Runs a command on a connection of its own, and returns the values in its answer.
    pub async fn command(&self, words: &[&str]) -> Vec<String> {
        self.raw().await.command(words).await.unwrap()
    }

    /// Returns the number of subscribers to a channel.
    pub async fn subscribers(&self, channel: &str) -> usize {
        let answer = self.command(&["PUBSUB", "NUMSUB", channel]).await;
        answer[1].parse().unwrap()
    }

    /// Waits until a channel has that number of subscribers.
    pub async fn until_subscribers(&self, channel: &str, number: usize) {
        while self.subscribers(channel).await != number {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test drops its server inside of its own runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connection without a client library.
pub struct Raw(BufReader<TcpStream>);

impl Raw {
    async fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        Ok(Self(BufReader::new(stream)))
    }

    pub async fn command(&mut self, words: &[&str]) -> std::io::Result<Vec<String>> {
        self.send(words).await?;
        self.answer().await
    }

    /// Sends a command without reading its answer.
    pub async fn send(&mut self, words: &[&str]) -> std::io::Result<()> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.0.write_all(command.as_bytes()).await
    }

    /// Reads the next answer or message, as the list of its values.
    pub async fn answer(&mut self) -> std::io::Result<Vec<String>> {
        let (mut left, mut values) = (1, Vec::new());
        while left > 0 {
            left -= 1;
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let (kind, rest) = line.trim_end().split_at(1);
            match kind {
                "*" => left += rest.parse::<usize>().unwrap(),
                "$" => {
                    let mut value = vec![0; rest.parse::<usize>().unwrap() + 2];
                    self.0.read_exact(&mut value).await?;
                    value.truncate(value.len() - 2);
                    values.push(String::from_utf8(value).unwrap());
                }
                _ => values.push(rest.to_owned()),
            }
        }
        Ok(values)
    }
}
