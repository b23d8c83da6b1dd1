//! Choice of the variant of an inbox for a request that came over a wire.

use conclib_wire::Envelope;

use crate::message::{Message, Reach};
use crate::node::Accepted;
use crate::reply::{RemoteCaller, Request, accept};

/// Request that came over a wire, on its way to its variant.
#[doc(hidden)]
pub struct Dispatch<'a, I> {
    envelope: &'a Envelope<'a>,
    accepted: Accepted<I>,
}

impl<'a, I> Dispatch<'a, I> {
    /// Begins with the first variant.
    pub const fn new(envelope: &'a Envelope<'a>, asker: RemoteCaller) -> Self {
        let accepted = Accepted::Undeclared(asker);
        Self { envelope, accepted }
    }

    /// Decodes the request as an `M`, if its name is that of an `M`.
    #[must_use]
    pub fn to<M: Message>(self, variant: fn(Request<M>) -> I) -> Self {
        match self.accepted {
            Accepted::Undeclared(asker)
                if <M::Reach as Reach<M>>::WIRE && self.envelope.message == M::NAME =>
            {
                let accepted = match accept(self.envelope, asker) {
                    Some(request) => Accepted::Message(variant(request), M::PRIORITY),
                    None => Accepted::Answered,
                };
                Self { accepted, ..self }
            }
            _ => self,
        }
    }

    /// Passes the request to a protocol or a part, if it is for none of the variants before.
    #[must_use]
    pub fn nested<P>(
        self,
        accept: fn(&Envelope<'_>, RemoteCaller) -> Accepted<P>,
        variant: fn(P) -> I,
    ) -> Self {
        match self.accepted {
            Accepted::Undeclared(asker) => Self {
                accepted: accept(self.envelope, asker).nested(variant),
                ..self
            },
            _ => self,
        }
    }

    /// Returns what became of the request.
    pub fn end(self) -> Accepted<I> {
        self.accepted
    }
}
