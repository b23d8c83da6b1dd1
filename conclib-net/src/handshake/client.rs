//! Client side of a handshake.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::message::{self, Hello, Message, Refusal, Role};
use super::proof::Transcript;
use crate::AuthKey;
use crate::record::RecordKeys;

/// Reason why the handshake of a client failed.
#[derive(Debug)]
pub(crate) enum GreetError {
    Io(io::Error),
    /// The program at the other end is no conclib server.
    Foreign,
    /// The server refused the client.
    Refused(Refusal),
    /// The server wants no key, or cannot prove that it has the key.
    Impostor,
    /// The server speaks another version.
    Version(u16),
}

impl From<io::Error> for GreetError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs the handshake, and returns when the server has accepted this client:
/// with keys if all bytes from now on are signed, as they are if either side
/// wants it.
pub(crate) async fn greet<S>(
    stream: &mut S,
    key: Option<&AuthKey>,
    signs: bool,
) -> Result<Option<RecordKeys>, GreetError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let client = Hello::new(Role::Client, key.is_some(), signs && key.is_some())?.encode();
    message::write(stream, &client).await?;

    let server = message::read(stream).await?.ok_or(GreetError::Foreign)?;
    let hello = match Message::decode(&server) {
        Some(Message::Hello(hello)) if hello.role == Role::Server => hello,
        Some(Message::Refusal(refusal)) => return Err(GreetError::Refused(refusal)),
        _ => return Err(GreetError::Foreign),
    };
    if hello.version != super::VERSION {
        return Err(GreetError::Version(hello.version));
    }
    let transcript = Transcript {
        client: &client,
        server: &server,
    };
    match key {
        Some(_) if !hello.keyed || (signs && !hello.signed) => {
            return Err(GreetError::Impostor);
        }
        Some(key) => {
            let proof = transcript.prove(key, Role::Client);
            message::write(stream, &message::proof(&proof)).await?;
        }
        None => {}
    }

    let verdict = message::read(stream).await?.ok_or(GreetError::Foreign)?;
    match (Message::decode(&verdict), key) {
        (Some(Message::Welcome([])), None) => Ok(None),
        (Some(Message::Welcome(proof)), Some(key)) => {
            if !transcript.verify(key, Role::Server, proof) {
                return Err(GreetError::Impostor);
            }
            let keys = hello
                .signed
                .then(|| transcript.record_keys(key, Role::Client));
            Ok(keys)
        }
        (Some(Message::Refusal(refusal)), _) => Err(GreetError::Refused(refusal)),
        _ => Err(GreetError::Foreign),
    }
}
