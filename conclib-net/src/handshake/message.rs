//! Messages of a handshake as bytes: a length of two bytes, big endian, then a
//! kind and its fields.

use std::io;

use conclib_core::wire::Codec;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Maximum length, more than any message needs. A peer with a longer one, as of
/// any other protocol, is disconnected before the message is read.
const MAX: usize = 512;

const MAGIC: &[u8; 7] = b"conclib";
const NONCE: usize = 32;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const PROOF: u8 = 3;
const WELCOME: u8 = 4;
const REFUSAL: u8 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// First message of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hello<'a> {
    pub(super) role: Role,
    pub(super) version: u16,
    /// Says that this side has a key, and wants the other side to prove that it
    /// has it.
    pub(super) keyed: bool,
    /// Says that all bytes after the handshake are signed: the client asks for
    /// it, and the server decides.
    pub(super) signed: bool,
    pub(super) nonce: [u8; NONCE],
    /// Ids of the codecs that this side supports.
    pub(super) codecs: &'a [u8],
}

/// Flags of a hello.
const KEYED: u8 = 1;
const SIGNED: u8 = 2;

/// Codecs of this build.
pub(super) const CODECS: [u8; 2] = [Codec::Bincode.id(), Codec::Json.id()];

impl Hello<'static> {
    pub(super) fn new(role: Role, keyed: bool, signed: bool) -> io::Result<Self> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        Ok(Self {
            role,
            version: super::VERSION,
            keyed,
            signed,
            nonce,
            codecs: &CODECS,
        })
    }
}

impl Hello<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![match self.role {
            Role::Client => CLIENT_HELLO,
            Role::Server => SERVER_HELLO,
        }];
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.version.to_be_bytes());
        let keyed = if self.keyed { KEYED } else { 0 };
        let signed = if self.signed { SIGNED } else { 0 };
        bytes.push(keyed | signed);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(self.codecs);
        bytes
    }

    /// Tests if the two sides have a codec in common.
    pub(super) fn understands_us(&self) -> bool {
        self.codecs.iter().any(|codec| CODECS.contains(codec))
    }
}

/// Message of a handshake, borrowed from its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Hello(Hello<'a>),
    Proof(&'a [u8]),
    /// Carries the proof of the server, if there is a key.
    Welcome(&'a [u8]),
    Refusal(Refusal),
}

impl<'a> Message<'a> {
    /// Decodes a message. `None` if the bytes are no message of a handshake.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        match kind {
            CLIENT_HELLO => hello(Role::Client, rest).map(Self::Hello),
            SERVER_HELLO => hello(Role::Server, rest).map(Self::Hello),
            PROOF => Some(Self::Proof(rest)),
            WELCOME => Some(Self::Welcome(rest)),
            REFUSAL => Refusal::decode(rest).map(Self::Refusal),
            _ => None,
        }
    }
}

fn hello(role: Role, bytes: &[u8]) -> Option<Hello<'_>> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_first_chunk()?;
    let version = u16::from_be_bytes(*version);
    let (&flags, rest) = rest.split_first()?;
    let (&nonce, codecs) = rest.split_first_chunk()?;
    Some(Hello {
        role,
        version,
        keyed: flags & KEYED != 0,
        signed: flags & SIGNED != 0,
        nonce,
        codecs,
    })
}

pub(super) fn proof(proof: &[u8]) -> Vec<u8> {
    [&[PROOF], proof].concat()
}

pub(super) fn welcome(proof: &[u8]) -> Vec<u8> {
    [&[WELCOME], proof].concat()
}

/// Reason why a server refuses a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it has protocol version {ours}, and the other side another")]
    Version {
        /// Version of the server.
        ours: u16,
    },
    #[error("the two sides have no codec in common")]
    Codec,
    #[error("the server wants an authkey, and the client has none")]
    KeyNeeded,
    #[error("the client has an authkey, and the server has none")]
    KeyUnexpected,
    #[error("the two sides have different authkeys")]
    WrongKey,
    #[error("the client belongs to another user")]
    User,
    #[error("the server has its maximum number of connections")]
    Full,
    #[error("the server is shutting down")]
    Leaving,
}

impl Refusal {
    pub(super) fn encode(self) -> Vec<u8> {
        let (reason, version) = match self {
            Self::Version { ours } => (1, ours),
            Self::Codec => (2, 0),
            Self::KeyNeeded => (3, 0),
            Self::KeyUnexpected => (4, 0),
            Self::WrongKey => (5, 0),
            Self::User => (6, 0),
            Self::Full => (7, 0),
            Self::Leaving => (8, 0),
        };
        let [high, low] = u16::to_be_bytes(version);
        vec![REFUSAL, reason, high, low]
    }

    /// Encodes the message, with its length.
    pub(crate) fn message(self) -> Vec<u8> {
        let message = self.encode();
        // A refusal is four bytes.
        let len = u16::try_from(message.len()).unwrap_or_default();
        [&len.to_be_bytes()[..], &message].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let &[reason, high, low] = bytes else {
            return None;
        };
        Some(match reason {
            1 => Self::Version {
                ours: u16::from_be_bytes([high, low]),
            },
            2 => Self::Codec,
            3 => Self::KeyNeeded,
            4 => Self::KeyUnexpected,
            5 => Self::WrongKey,
            6 => Self::User,
            7 => Self::Full,
            8 => Self::Leaving,
            _ => return None,
        })
    }
}

/// Reads the bytes of one message, and not one byte after it. `None` if the
/// length is invalid.
pub(super) async fn read<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<Option<Vec<u8>>> {
    let len = usize::from(reader.read_u16().await?);
    if len > MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; len];
    reader.read_exact(&mut bytes).await?;
    Ok(Some(bytes))
}

/// Writes one message in one piece.
pub(super) async fn write<W: AsyncWrite + Unpin>(writer: &mut W, message: &[u8]) -> io::Result<()> {
    // All messages written here are shorter than MAX.
    let len = u16::try_from(message.len()).map_err(io::Error::other)?;
    writer
        .write_all(&[&len.to_be_bytes(), message].concat())
        .await?;
    writer.flush().await
}
