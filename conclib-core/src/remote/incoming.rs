//! Decoding of a request that came over a wire.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use conclib_wire::{Codec, CodecError, Delivery, Envelope, Failure, Fault};

use crate::message::{Message, decode};
use crate::reply::{RemoteCaller, RemoteReply, ReplyTo, Request};
use crate::spi::enter;

/// Decodes a request that came over a wire. Answers a request that cannot be decoded with an error,
/// and returns `None`.
#[doc(hidden)]
pub fn accept<M: Message>(envelope: &Envelope<'_>, asker: RemoteCaller) -> Option<Request<M>> {
    if !asker.same_shape(envelope.fingerprint, M::FINGERPRINT) {
        asker.refuse(Failure::SchemaMismatch(M::NAME.into()));
        return None;
    }
    // The serde code of a message is the user's, and may panic.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        enter(asker.scope(), || decode::<M>(envelope.codec, envelope.body))
    }));
    match decoded {
        Ok(Ok(message)) => Some(Request {
            message,
            reply: ReplyTo::wire(RemoteReply::new::<M>(asker)),
            from: None,
        }),
        Ok(Err(error)) => {
            refuse(asker, error);
            None
        }
        Err(panic) => {
            refuse(asker, panicked(envelope.codec, &*panic));
            None
        }
    }
}

fn refuse(asker: RemoteCaller, error: CodecError) {
    asker.refuse(Failure::Codec(Box::new(error), Delivery::NotDelivered));
}

fn panicked(codec: Codec, panic: &(dyn Any + Send)) -> CodecError {
    CodecError::Malformed {
        codec,
        detail: format!("decoding it panicked: {}", Fault::panic(panic)),
    }
}
