//! Messages: the types that can be sent to an actor.

mod encoding;
mod part;
mod reach;

use conclib_wire::{Codec, CodecError};

use crate::error::MessageError;

pub use encoding::{Encoding, NoEncoding, WireFunctions};
pub(crate) use part::Encoded;
pub use part::{Answers, Holds, SharedState, WireAnswer, WirePart, WireParts};
pub(crate) use reach::MayLeave;
pub use reach::{ByParts, Local, Reach, Wire, WireMessage};

/// Request type: names its reply and its error, so that a call is typed by the message alone.
///
/// Write `#[message]` on a struct, an enum or a method instead of this impl. By hand the impl looks
/// like this:
///
/// ```
/// use conclib::prelude::*;
/// use conclib::traits::Wire;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Double(u64);
///
/// impl Message for Double {
///     type Reply = u64;
///     type Error = Never;
///     type Reach = Wire;
///     const NAME: &'static str = "Double";
/// }
/// assert_eq!(Double::NAME, "Double");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message",
    note = "write `#[message]` above `{Self}`, with `reply = …` if it has a reply"
)]
pub trait Message: Sized + Send + 'static {
    /// Reply of a handler; `()` for a message without one.
    type Reply: Send + 'static;
    /// Error that a handler may return instead of the reply; [`Never`](conclib_wire::Never) if it cannot fail.
    type Error: MessageError;
    /// Says if the message can leave its process: [`ByParts`], [`Wire`] or [`Local`].
    type Reach: Reach<Self>;
    /// Name of the message on every wire, stable over builds.
    const NAME: &'static str;
    /// Hash of the wire name and of the shapes of request, reply and error, by which two builds
    /// with different declarations find that out before they decode. Zero stands for "not known"
    /// and is never compared.
    const FINGERPRINT: u64 = 0;
    /// Priority of the message to an actor with `#[actor(priority)]`; lower is handled first. A
    /// message without a priority is handled last.
    const PRIORITY: u8 = LAST;
    /// Functions that encode and decode a message of reach [`ByParts`]; `None` if one of its parts
    /// cannot travel.
    #[doc(hidden)]
    const WIRE: Option<WireFunctions<Self>> = None;
}

/// Priority of a message that sets none.
pub(crate) const LAST: u8 = u8::MAX;

/// Decodes a message, for generic code that only knows `M` as a message: an additional bound on the
/// road would hide that every road carries its messages.
pub(crate) fn decode<M: Message>(codec: Codec, body: &[u8]) -> Result<M, CodecError> {
    <M::Reach as Reach<M>>::decode(codec, body)
}
