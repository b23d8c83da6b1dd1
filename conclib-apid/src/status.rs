//! HTTP status for an `AskError`.

use conclib_core::AskError;

/// Returns the HTTP status that tells a web client the outcome of an ask.
///
/// The status is a number, so that any web server can use it.
///
/// | status | when |
/// |---|---|
/// | 400 | the handler answered with an error of the domain: say more in the body |
/// | 404 | there is no such actor or message |
/// | 422 | the request does not fit the message |
/// | 429 | the mailbox is full, or too many streams are open: ask again later |
/// | 500 | the handler panicked, or the ask was made in the wrong place or in a circle |
/// | 502 | what came back does not fit, or nothing came |
/// | 503 | the actor has stopped, or its process cannot be reached |
/// | 504 | the deadline passed |
///
/// # Examples
///
/// ```
/// use conclib::prelude::*;
/// use conclib::status;
/// # mod conclib { pub use conclib_apid::status; pub use conclib_core as prelude; }
///
/// let error: AskError<Never> = AskError::NoSuchActor { urn: Urn::new("greeter")? };
/// assert_eq!(status(&error), 404);
/// # Ok::<(), conclib_core::UrnError>(())
/// ```
pub fn status<E>(error: &AskError<E>) -> u16 {
    use conclib_core::Delivery::NotDelivered;
    match error {
        AskError::Handler(_) | AskError::Fault { .. } => 400,
        AskError::NoSuchActor { .. } | AskError::NoSuchMessage { .. } | AskError::Urn(_) => 404,
        AskError::SchemaMismatch { .. } => 422,
        AskError::Codec {
            delivery: NotDelivered,
            ..
        } => 422,
        AskError::MailboxFull { .. } | AskError::TooManyStreams { .. } => 429,
        AskError::Codec { .. } | AskError::NoReply { .. } | AskError::UnknownFailure { .. } => 502,
        AskError::Stopped { .. }
        | AskError::Disconnected { .. }
        | AskError::Unreachable { .. }
        | AskError::NoProxy { .. }
        | AskError::Cancelled { .. } => 503,
        AskError::Deadline { .. } => 504,
        AskError::NotPermitted { .. } => 403,
        AskError::Unsupported { .. } => 501,
        _ => 500,
    }
}
