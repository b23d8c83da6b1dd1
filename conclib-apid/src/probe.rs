use std::{io, time::Duration};

use http_body_util::BodyExt as _;
use hyper::{Response, StatusCode, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::{error::Unhealthy, health::HealthUrl};

/// Time in which a server has to accept the connection and answer with a
/// status.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);

/// Time and number of bytes for reading the rest of an answer. Many servers log
/// an error when a client does not read all of it.
const BODY_TIME: Duration = Duration::from_millis(100);
const BODY_BYTES: usize = 64 * 1024;

/// Largest head of an answer, in bytes.
const HEAD_BYTES: usize = 16 * 1024;

impl HealthUrl {
    /// Sends one health check. It ends within [`ANSWER_LIMIT`] and
    /// [`BODY_TIME`], whatever the server does.
    pub(crate) async fn probe(&self) -> Result<(), Unhealthy> {
        let answer = timeout(ANSWER_LIMIT, self.get()).await;
        let (response, _connection) = answer.map_err(|_| Unhealthy::Silent(ANSWER_LIMIT))??;
        let status = response.status();
        let _ = timeout(BODY_TIME, skip(response.into_body())).await;
        if status == StatusCode::OK {
            Ok(())
        } else {
            Err(Unhealthy::Status(status.as_u16()))
        }
    }

    /// Tests if a program accepts connections at the address.
    pub(crate) async fn is_taken(&self) -> bool {
        matches!(timeout(ANSWER_LIMIT, self.connect()).await, Ok(Ok(_)))
    }

    /// Returns the head of the answer, and the task that drives the connection for as long as the set is kept.
    async fn get(&self) -> Result<(Response<Incoming>, JoinSet<()>), Unhealthy> {
        let garbled = |error: hyper::Error| Unhealthy::Garbled(error.into());
        let stream = TokioIo::new(self.connect().await.map_err(Unhealthy::Unreachable)?);
        let request = self
            .request()
            .map_err(|error| Unhealthy::Garbled(error.into()))?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .handshake(stream)
            .await
            .map_err(garbled)?;
        let mut driver = JoinSet::new();
        driver.spawn(async {
            // The task that waits for the answer gets the same error.
            let _ = connection.await;
        });
        let response = sender.send_request(request).await.map_err(garbled)?;
        Ok((response, driver))
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // A connection to an unused port of this host can get that same port as
        // its source, and is then connected to itself. It must be reset: an
        // orderly close would keep the port busy for a minute, and the server
        // could not listen on it.
        if stream.local_addr()? == stream.peer_addr()? {
            stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(stream)
    }
}

async fn skip(mut body: Incoming) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await
        && seen <= BODY_BYTES
    {
        seen += frame.data_ref().map_or(0, |data| data.len());
    }
}
