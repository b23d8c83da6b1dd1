//! Socket between a process and its owner, beside their session, over which open sockets are passed.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{self, UnixStream};

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixDatagram;

/// Maximum length of a message, which has one name of an actor at most.
const LIMIT: usize = 4096;

/// One end of the socket. Each message is a datagram.
#[derive(Debug)]
pub(super) struct ControlSocket(UnixDatagram);

impl ControlSocket {
    /// Makes a socket, and returns the end of the owner and that of the process.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = net::UnixDatagram::pair()?;
        Ok((Self::of(ours.into())?, theirs.into()))
    }

    /// Takes an end that was passed to this process.
    pub(super) fn of(socket: OwnedFd) -> io::Result<Self> {
        let socket = net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        UnixDatagram::from_std(socket).map(Self)
    }

    /// Sends a message, with an open socket if there is one. Cancel safe.
    pub(super) async fn send<T: Serialize>(
        &self,
        message: &T,
        socket: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        let bytes = serde_json::to_vec(message)?;
        let send = || pass(&self.0, &bytes, socket);
        self.0.async_io(Interest::WRITABLE, send).await
    }

    /// Receives a message, with the open socket that came with it. Cancel safe.
    pub(super) async fn receive<T: DeserializeOwned>(&self) -> io::Result<(T, Option<OwnedFd>)> {
        let mut bytes = [0; LIMIT];
        let receive = || take(&self.0, &mut bytes);
        let (length, socket) = self.0.async_io(Interest::READABLE, receive).await?;
        Ok((serde_json::from_slice(&bytes[..length])?, socket))
    }
}

/// Passes an open socket at the begin of a stream, before any other byte.
pub(super) fn pass_first(stream: &UnixStream, socket: BorrowedFd<'_>) -> io::Result<()> {
    pass(stream, &[0], Some(socket))
}

/// Takes the open socket at the begin of a stream.
pub(super) fn take_first(stream: &UnixStream) -> io::Result<OwnedFd> {
    let (_, socket) = take(stream, &mut [0])?;
    socket.ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

fn pass(over: impl AsFd, bytes: &[u8], socket: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let sockets = socket.as_slice();
    if !sockets.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(sockets));
    }
    let bytes = [IoSlice::new(bytes)];
    sendmsg(over, &bytes, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn take(over: impl AsFd, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [IoSliceMut::new(bytes)];
    let received = recvmsg(over, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let messages = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
        _ => None,
    });
    let socket = messages.flatten().last();
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(ErrorKind::InvalidData.into());
    }
    Ok((received.bytes, socket))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[tokio::test]
    async fn an_open_socket_arrives_with_its_message() {
        let (ours, theirs) = ControlSocket::pair().unwrap();
        let theirs = ControlSocket::of(theirs).unwrap();
        let (mut one, other) = UnixStream::pair().unwrap();
        ours.send(&"none", None).await.unwrap();
        ours.send(&"one", Some(other.as_fd())).await.unwrap();
        drop(other);
        let (first, none) = theirs.receive::<String>().await.unwrap();
        assert_eq!((&*first, none.is_none()), ("none", true));
        let (second, passed) = theirs.receive::<String>().await.unwrap();
        assert_eq!(second, "one");
        let mut passed = UnixStream::from(passed.unwrap());
        one.write_all(b"hello").unwrap();
        let mut said = [0; 5];
        passed.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"hello");
    }

    #[tokio::test]
    async fn a_message_that_is_none_is_an_error() {
        let (ours, theirs) = ControlSocket::pair().unwrap();
        let theirs = ControlSocket::of(theirs).unwrap();
        ours.send(&"x".repeat(2 * LIMIT), None).await.unwrap();
        ours.send(&1, None).await.unwrap();
        assert!(theirs.receive::<String>().await.is_err());
        assert!(theirs.receive::<String>().await.is_err());
    }

    #[test]
    fn a_socket_comes_before_the_first_byte() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (one, other) = UnixStream::pair().unwrap();
        pass_first(&ours, other.as_fd()).unwrap();
        (&ours).write_all(b"x").unwrap();
        drop(other);
        let passed = UnixStream::from(take_first(&theirs).unwrap());
        let mut byte = [0];
        (&theirs).read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        (&one).write_all(b"y").unwrap();
        (&passed).read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"y");
        drop(ours);
        assert!(take_first(&theirs).is_err());
    }
}
