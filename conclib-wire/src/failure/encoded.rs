//! Encoding of a failure, which other versions can read.
//!
//! A failure is a struct of four fields in every version: name, delivery, text, and the fields of
//! that name. The fields are a body of their own, in JSON a value: a reader that does not know the
//! name skips them.

use std::fmt::Write as _;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Failure, UnknownFailure};
use crate::codec::{Bincode, WireCodec as _};
use crate::delivery::Delivery;

/// Maximum length of the text of a failure whose fields say the same, in bytes.
const TEXT: usize = 256;

/// Failure as it is on the wire; `F` holds the encoded fields.
#[derive(Deserialize)]
struct Encoded<F> {
    name: Box<str>,
    delivery: Delivery,
    text: Box<str>,
    fields: Option<F>,
}

/// Encoded fields of a failure.
trait Fields: Sized {
    fn encode<T: Serialize>(fields: &T) -> Option<Self>;
    fn decode<T: DeserializeOwned>(self) -> Option<T>;
}

/// Fields in JSON.
impl Fields for Value {
    fn encode<T: Serialize>(fields: &T) -> Option<Self> {
        serde_json::to_value(fields).ok()
    }

    fn decode<T: DeserializeOwned>(self) -> Option<T> {
        serde_json::from_value(self).ok()
    }
}

/// Fields in bincode.
impl Fields for Vec<u8> {
    fn encode<T: Serialize>(fields: &T) -> Option<Self> {
        let mut body = Self::new();
        Bincode::encode(fields, &mut body).ok().map(|()| body)
    }

    fn decode<T: DeserializeOwned>(self) -> Option<T> {
        Bincode::decode(&self).ok()
    }
}

/// Fields of `deadline`.
#[derive(Serialize, Deserialize)]
struct Given {
    after: Duration,
}

/// Fields of `codec` and `urn`.
#[derive(Serialize, Deserialize)]
struct Caused<E> {
    error: E,
}

/// Fields of `no_such_message` and `schema_mismatch`.
#[derive(Serialize, Deserialize)]
struct Named<N> {
    message: N,
}

/// Fields of `cycle`.
#[derive(Serialize, Deserialize)]
struct Circle<P> {
    path: P,
}

impl Failure {
    fn fields<F: Fields>(&self) -> Option<F> {
        match self {
            Self::Fault(fault) | Self::Panicked(fault) => F::encode(fault),
            Self::NoSuchMessage(message) | Self::SchemaMismatch(message) => {
                F::encode(&Named { message })
            }
            Self::Codec(error, _) => F::encode(&Caused { error }),
            Self::Deadline(after) => F::encode(&Given { after: *after }),
            Self::Urn(error) => F::encode(&Caused { error }),
            Self::Cycle(path, _) => F::encode(&Circle { path }),
            Self::Stopped(_)
            | Self::NoReply
            | Self::MailboxFull
            | Self::NoSuchActor
            | Self::NoProxy
            | Self::Disconnected(_)
            | Self::Cancelled
            | Self::TooManyStreams
            | Self::Unsupported(..)
            | Self::NotPermitted(_)
            | Self::Unknown(_) => None,
        }
    }

    /// Returns the text on the wire: short where the fields say the same.
    fn text(&self) -> String {
        match self {
            Self::Unknown(unknown) => unknown.text.as_ref().to_owned(),
            Self::Unsupported(text, _) | Self::NotPermitted(text) => text.as_ref().to_owned(),
            failure => {
                let mut text = String::new();
                // Writing to a `String` does not fail.
                let _ = write!(text, "{failure}");
                text.truncate(text.floor_char_boundary(TEXT));
                text
            }
        }
    }
}

impl<F: Fields> Encoded<F> {
    /// Returns the failure; `None` if its name or its fields are those of another version.
    fn known(&mut self) -> Option<Failure> {
        fn read<F: Fields, T: DeserializeOwned>(fields: &mut Option<F>) -> Option<T> {
            fields.take()?.decode()
        }
        let delivery = self.delivery;
        let fields = &mut self.fields;
        Some(match &*self.name {
            "fault" => Failure::Fault(read(fields)?),
            "panicked" => Failure::Panicked(read(fields)?),
            "stopped" => Failure::Stopped(delivery),
            "no_reply" => Failure::NoReply,
            "mailbox_full" => Failure::MailboxFull,
            "no_such_actor" => Failure::NoSuchActor,
            "no_proxy" => Failure::NoProxy,
            "no_such_message" => Failure::NoSuchMessage(read::<F, Named<_>>(fields)?.message),
            "codec" => Failure::Codec(read::<F, Caused<_>>(fields)?.error, delivery),
            "schema_mismatch" => Failure::SchemaMismatch(read::<F, Named<_>>(fields)?.message),
            "disconnected" => Failure::Disconnected(delivery),
            "cancelled" => Failure::Cancelled,
            "deadline" => Failure::Deadline(read::<F, Given>(fields)?.after),
            "urn" => Failure::Urn(read::<F, Caused<_>>(fields)?.error),
            "too_many_streams" => Failure::TooManyStreams,
            "cycle" => Failure::Cycle(read::<F, Circle<_>>(fields)?.path, delivery),
            "unsupported" => Failure::Unsupported(std::mem::take(&mut self.text), delivery),
            "not_permitted" => Failure::NotPermitted(std::mem::take(&mut self.text)),
            _ => return None,
        })
    }

    fn into_failure(mut self) -> Failure {
        self.known().unwrap_or_else(|| {
            let Self {
                name,
                text,
                delivery,
                ..
            } = self;
            Failure::Unknown(Box::new(UnknownFailure {
                name,
                text,
                delivery,
            }))
        })
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn write<F: Fields + Serialize, S: Serializer>(
            failure: &Failure,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            let mut encoded = serializer.serialize_struct("Failure", 4)?;
            encoded.serialize_field("name", failure.name())?;
            encoded.serialize_field("delivery", &failure.delivery())?;
            encoded.serialize_field("text", &failure.text())?;
            encoded.serialize_field("fields", &failure.fields::<F>())?;
            encoded.end()
        }
        match serializer.is_human_readable() {
            true => write::<Value, S>(self, serializer),
            false => write::<Vec<u8>, S>(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => Encoded::<Value>::deserialize(deserializer).map(Encoded::into_failure),
            false => Encoded::<Vec<u8>>::deserialize(deserializer).map(Encoded::into_failure),
        }
    }
}
