//! Server side of a handshake.

use std::io;
use std::iter::once;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};

use super::message::{self, Hello, Message, Refusal, Role};
use super::proof::Transcript;
use crate::AuthKey;
use crate::record::RecordKeys;

/// Conditions for a client to be accepted, besides a common version and codec.
pub(crate) struct Admission<'a> {
    /// Key that the client must have, if any; or the second one of it.
    pub(crate) key: Option<&'a AuthKey>,
    /// Says that all bytes after the handshake have to be signed, if there is a
    /// key.
    pub(crate) signs: bool,
    /// Reason for a refusal that is known before the handshake.
    pub(crate) refused: Option<Refusal>,
    /// Set once the client has sent a valid hello and nothing speaks against it
    /// so far.
    pub(crate) spoke: &'a AtomicBool,
}

/// Reason why a client was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdmitError {
    #[error("the connection broke during the handshake")]
    Io(#[from] io::Error),
    #[error("the peer uses another protocol")]
    Foreign,
    #[error("the peer was refused: {0}")]
    Refused(Refusal),
    #[cfg(feature = "tls")]
    #[error("the two ends do not agree on TLS: {0}")]
    Tls(io::Error),
    #[error("too many handshakes at once")]
    Evicted,
}

/// Accepts a client, or tells it the reason for the refusal. `slot` is called
/// last, when the client has passed all other checks. There are keys if all
/// bytes from now on are signed, as they are if either side wants it.
pub(crate) async fn admit<S, P>(
    stream: &mut S,
    admission: Admission<'_>,
    slot: impl FnOnce() -> Result<P, Refusal>,
) -> Result<(P, Option<RecordKeys>), AdmitError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let client = message::read(stream).await?.ok_or(AdmitError::Foreign)?;
    let Some(Message::Hello(hello)) = Message::decode(&client) else {
        return Err(AdmitError::Foreign);
    };
    if let Err(refusal) = check(&hello, &admission) {
        return refuse(stream, refusal).await;
    }
    admission.spoke.store(true, Ordering::Relaxed);
    let signed = admission.key.is_some() && (admission.signs || hello.signed);
    let server = Hello::new(Role::Server, admission.key.is_some(), signed)?.encode();
    message::write(stream, &server).await?;

    let transcript = Transcript {
        client: &client,
        server: &server,
    };
    let (mut proof, mut keys) = (Vec::new(), None);
    if let Some(key) = admission.key {
        let theirs = message::read(stream).await?.ok_or(AdmitError::Foreign)?;
        let Some(Message::Proof(theirs)) = Message::decode(&theirs) else {
            return Err(AdmitError::Foreign);
        };
        let proves = |key: &AuthKey| transcript.verify(key, Role::Client, theirs);
        let second = key.second();
        // The client knows the key that it has proved.
        let Some(key) = once(key).chain(&second).find(|key| proves(key)) else {
            return refuse(stream, Refusal::WrongKey).await;
        };
        proof = transcript.prove(key, Role::Server);
        keys = signed.then(|| transcript.record_keys(key, Role::Server));
    }
    match slot() {
        Ok(slot) => {
            message::write(stream, &message::welcome(&proof)).await?;
            Ok((slot, keys))
        }
        Err(refusal) => refuse(stream, refusal).await,
    }
}

fn check(hello: &Hello<'_>, admission: &Admission<'_>) -> Result<(), Refusal> {
    match admission.refused {
        Some(refusal) => Err(refusal),
        _ if hello.version != super::VERSION => Err(Refusal::Version {
            ours: super::VERSION,
        }),
        // The client has sent back a hello of this server.
        _ if hello.role != Role::Client => Err(Refusal::WrongKey),
        _ if !hello.understands_us() => Err(Refusal::Codec),
        _ => match (admission.key, hello.keyed) {
            (Some(_), false) => Err(Refusal::KeyNeeded),
            (None, true) => Err(Refusal::KeyUnexpected),
            _ => Ok(()),
        },
    }
}

async fn refuse<S, T>(stream: &mut S, refusal: Refusal) -> Result<T, AdmitError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    message::write(stream, &refusal.encode()).await?;
    Err(AdmitError::Refused(refusal))
}
