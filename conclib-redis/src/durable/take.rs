//! Taking of a mailbox.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::entry::Mailbox;
use super::host::Host;
use super::known::Known;
use super::owned::{LEASE, Owned, millis};
use crate::endpoint::Phase;
use crate::error::RedisError;

/// Time since the last change after which an owner without a connection loses the mailbox.
const GRACE: Duration = Duration::from_secs(2);

/// Result of an attempt to own a mailbox.
pub(super) enum Taken<'a> {
    Owned(Owned<'a>),
    /// Another process owns it for that time.
    Held(Duration),
    /// No message is in the mailbox.
    Empty,
}

/// Tries to own a mailbox.
pub(super) async fn take<'a>(
    host: &'a Host,
    urn: &'a str,
    known: &'a Known<'a>,
    phases: watch::Receiver<Phase>,
) -> Result<Taken<'a>, RedisError> {
    let mailbox = Mailbox::new(&host.endpoint.prefix, urn);
    let keys = [mailbox.key("mail"), mailbox.key("meta")];
    let arguments = [
        host.nonce.to_string().into(),
        millis(LEASE),
        millis(GRACE),
        mailbox.wake().into(),
        Bytes::copy_from_slice(known.read().as_bytes()),
    ];
    // A server that is read only refuses the script that takes a mailbox.
    let look = &host.scripts.look;
    let looked = host.endpoint.redis.run(look, &keys, &[]);
    let mut looked = looked.await?.into_list()?;
    if known.commits() == 0 && looked.number()? == 0 {
        return Ok(Taken::Empty);
    }
    let sent = Instant::now();
    let script = &host.scripts.take;
    let answer = host.endpoint.redis.run(script, &keys, &arguments).await?;
    let mut answer = answer.into_list()?;
    let (result, commits) = (answer.text()?, answer.number()?);
    let owned = Owned::new(host, urn, known, phases, sent);
    known.confirmed(known.commits(), commits);
    Ok(match &*result {
        "ok" => Taken::Owned(owned.begin(answer.text()?)),
        "held" => Taken::Held(Duration::from_millis(answer.number()?)),
        _ => Taken::Empty,
    })
}
