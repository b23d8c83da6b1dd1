//! Support: a system with one actor, and raw frames on a socket.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Outlet, Remote};
use conclib::wire::{DeliveryClass, Envelope, Frame, RequestId, Wants};
use conclib_net::{Address, Client, LocalBroker};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

/// Longer than anything here takes, on a busy machine too: no test ends by it
/// unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Doubles numbers, and passes every other request on to the test.
#[actor(urn = "desk")]
pub(crate) struct Desk {
    pub requests: mpsc::UnboundedSender<RequestEnvelope>,
}

#[actor]
impl Desk {
    #[message]
    fn double(&mut self, n: u64) -> u64 {
        2 * n
    }

    #[message]
    fn echo(&mut self, text: String) -> String {
        text
    }

    /// Origin of the request.
    #[message]
    fn whence(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.origin().to_string()
    }

    #[fallback]
    fn other(&mut self, request: RequestEnvelope) {
        // A test that does not look at them drops them, unanswered.
        let _ = self.requests.send(request);
    }
}

/// Message that `Desk` does not handle: it comes out at [`House::requests`].
#[message(reply = u64)]
pub(crate) struct Ponder {
    pub n: u64,
}

/// A system with a `desk`, a directory for a socket, and a broker on it.
pub(crate) struct House {
    pub system: System,
    pub requests: mpsc::UnboundedReceiver<RequestEnvelope>,
    pub address: Address,
    pub path: PathBuf,
    pub directory: TempDir,
}

impl House {
    /// Makes the house without a broker.
    pub(crate) fn new() -> Self {
        let system = System::new("test");
        let (sender, requests) = mpsc::unbounded_channel();
        system.spawn(Desk { requests: sender }).unwrap();
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("app.sock");
        let address = Address::unix(&path).unwrap();
        Self {
            system,
            requests,
            address,
            path,
            directory,
        }
    }

    /// A broker on the unix socket.
    pub(crate) async fn open(&self) -> LocalBroker {
        LocalBroker::open(&self.address, None, self.system.inlet())
            .await
            .unwrap()
    }

    pub(crate) async fn client(&self) -> Arc<Client> {
        Client::connect(&self.address, None).await.unwrap()
    }

    /// Returns the next request that `Desk` has passed on.
    pub(crate) async fn request(&mut self) -> RequestEnvelope {
        soon(self.requests.recv()).await.unwrap()
    }
}

/// Fails the test if the future takes too long.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it takes for ever")
}

/// Asks the desk behind a client.
pub(crate) fn ask<M: conclib::traits::WireMessage>(
    client: &Arc<Client>,
    message: M,
) -> Call<Remote, M> {
    Call::new(desk(client), message).timeout(PATIENCE)
}

pub(crate) fn desk(client: &Arc<Client>) -> Remote {
    Remote::new(client.clone() as Arc<dyn Outlet>, Urn::new("desk"))
}

pub(crate) async fn doubles(client: &Arc<Client>, n: u64) -> bool {
    ask(client, DeskDouble { n }).await == Ok(2 * n)
}

/// Encoded request to the desk.
pub(crate) fn request<'a>(id: u128, message: &'a str, body: &'a [u8]) -> Frame<'a> {
    Frame::Request(Envelope {
        id: RequestId::from_u128(id),
        to: "desk",
        message,
        timeout: PATIENCE,
        trace: "",
        codec: conclib::wire::Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body,
    })
}

pub(crate) fn bytes(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    bytes
}

/// First message of a client, with its length. The bytes are written out, so
/// that a change of the format fails the tests.
pub(crate) fn hello(keyed: bool, nonce: [u8; 32]) -> Vec<u8> {
    let mut hello = vec![0, 45, 1];
    hello.extend_from_slice(b"conclib");
    hello.extend_from_slice(&[0, 5, keyed.into()]);
    hello.extend_from_slice(&nonce);
    hello.extend_from_slice(&[1, 2]);
    hello[1] = u8::try_from(hello.len() - 2).unwrap();
    hello
}

/// Reads one message of a handshake, with its length.
pub(crate) async fn read_message<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let len = stream.read_u16().await?;
    let mut message = len.to_be_bytes().to_vec();
    message.resize(2 + usize::from(len), 0);
    stream.read_exact(&mut message[2..]).await?;
    Ok(message)
}

/// Kinds of messages of the server in a handshake.
pub(crate) const SERVER_HELLO: u8 = 2;
pub(crate) const WELCOME: u8 = 4;
pub(crate) const REFUSAL: u8 = 5;

/// Does the handshake without a key.
pub(crate) async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    stream.write_all(&hello(false, [7; 32])).await.unwrap();
    assert_eq!(read_message(stream).await.unwrap()[2], SERVER_HELLO);
    assert_eq!(read_message(stream).await.unwrap()[2], WELCOME);
    let hello = read_frame(stream).await.unwrap();
    assert!(matches!(Frame::decode(&hello), Ok(Frame::Hello { .. })));
}

/// Does the handshake of a server without a key, and says hello.
pub(crate) async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let mut answer = read_message(stream).await.unwrap();
    answer[2] = SERVER_HELLO;
    stream.write_all(&answer).await.unwrap();
    stream.write_all(&[0, 1, WELCOME]).await.unwrap();
    let hello = Frame::Hello {
        node: Some(conclib::wire::NodeId::from_bits(7)),
        url: "",
    };
    stream.write_all(&bytes(&hello)).await.unwrap();
}

impl House {
    /// Connection after the handshake, for raw bytes.
    pub(crate) async fn raw(&self) -> UnixStream {
        let mut stream = UnixStream::connect(&self.path).await.unwrap();
        shake_hands(&mut stream).await;
        stream
    }
}

/// Reads one frame, without its length.
pub(crate) async fn read_frame<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; stream.read_u32().await? as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

/// Reads until the other side closes; a reset is an end too.
pub(crate) async fn read_to_end<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = soon(stream.read_to_end(&mut read)).await;
    read
}

/// Polls until the condition is true, for conditions without an event.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
