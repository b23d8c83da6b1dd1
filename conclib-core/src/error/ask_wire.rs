//! Encoding of the error of an ask, for a handler that passes it on to its own asker.

use conclib_wire::shape::{Depth, End, Kind, Value, hash};
use conclib_wire::{Delivery, Failure, Shape, UnknownFailure, Urn};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ask::AskError;

/// Error as it is on the wire: that of the handler, or a failure, which other versions can read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encoded<H, F> {
    Handler(H),
    Failed {
        urn: Option<Urn>,
        failure: F,
        delivery: Delivery,
    },
}

impl<E> AskError<E> {
    /// Returns the actor that was asked, if the error names one, and the error as a failure.
    fn failure(&self, text: impl FnOnce() -> String) -> (Option<&Urn>, Failure) {
        let failure = match self {
            Self::Fault { fault, .. } => Failure::Fault(fault.clone()),
            Self::Panicked { fault, .. } => Failure::Panicked(fault.clone()),
            Self::Stopped { delivery, .. } => Failure::Stopped(*delivery),
            Self::NoReply { .. } => Failure::NoReply,
            Self::Deadline { after, .. } => Failure::Deadline(*after),
            Self::MailboxFull { .. } => Failure::MailboxFull,
            Self::NoSuchActor { .. } => Failure::NoSuchActor,
            Self::NoProxy { .. } => Failure::NoProxy,
            Self::NoSuchMessage { message, .. } => Failure::NoSuchMessage(message.clone()),
            Self::Codec {
                error, delivery, ..
            } => Failure::Codec(error.clone(), *delivery),
            Self::SchemaMismatch { message, .. } => Failure::SchemaMismatch(message.clone()),
            Self::Disconnected { delivery, .. } => Failure::Disconnected(*delivery),
            Self::Cancelled { .. } => Failure::Cancelled,
            Self::Cycle { path, delivery } => Failure::Cycle(path.clone(), *delivery),
            Self::TooManyStreams { .. } => Failure::TooManyStreams,
            Self::Unsupported { text, delivery, .. } => {
                Failure::Unsupported(text.clone(), *delivery)
            }
            Self::NotPermitted { text, .. } => Failure::NotPermitted(text.clone()),
            Self::UnknownFailure { failure, .. } => Failure::Unknown(failure.clone()),
            Self::Urn(error) => Failure::Urn(error.clone()),
            Self::Unreachable { .. } => self.unknown("unreachable", text),
            Self::WouldBlock { .. } => self.unknown("would_block", text),
            Self::NoTimers { .. } => self.unknown("no_timers", text),
            Self::NoRuntime { .. } => self.unknown("no_runtime", text),
            Self::Handler(_) => self.unknown("handler", text),
        };
        (self.urn(), failure)
    }

    /// Error of this process only: its name and its text are what another process is told.
    fn unknown(&self, name: &str, text: impl FnOnce() -> String) -> Failure {
        Failure::Unknown(Box::new(UnknownFailure {
            name: name.into(),
            text: text().into(),
            delivery: self.delivery(),
        }))
    }

    fn urn(&self) -> Option<&Urn> {
        match self {
            Self::Fault { urn, .. }
            | Self::Panicked { urn, .. }
            | Self::Stopped { urn, .. }
            | Self::NoReply { urn }
            | Self::Deadline { urn, .. }
            | Self::MailboxFull { urn }
            | Self::NoSuchActor { urn }
            | Self::NoProxy { urn }
            | Self::NoSuchMessage { urn, .. }
            | Self::Codec { urn, .. }
            | Self::SchemaMismatch { urn, .. }
            | Self::Disconnected { urn, .. }
            | Self::Unreachable { urn, .. }
            | Self::Cancelled { urn }
            | Self::TooManyStreams { urn }
            | Self::Unsupported { urn, .. }
            | Self::NotPermitted { urn, .. }
            | Self::UnknownFailure { urn, .. }
            | Self::WouldBlock { urn }
            | Self::NoTimers { urn, .. }
            | Self::NoRuntime { urn, .. } => Some(urn),
            Self::Handler(_) | Self::Cycle { .. } | Self::Urn(_) => None,
        }
    }
}

/// An error that was passed on says the same in another process. Those that only one process knows,
/// such as [`AskError::WouldBlock`], become an [`AskError::UnknownFailure`].
impl<E: Serialize + std::fmt::Display> Serialize for AskError<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoded = match self {
            Self::Handler(error) => Encoded::Handler(error),
            other => {
                let (urn, failure) = other.failure(|| other.to_string());
                Encoded::Failed {
                    urn: urn.cloned(),
                    failure,
                    delivery: other.delivery(),
                }
            }
        };
        encoded.serialize(serializer)
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for AskError<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, failure, sent) = match Encoded::<E, Failure>::deserialize(deserializer)? {
            Encoded::Handler(error) => return Ok(Self::Handler(error)),
            Encoded::Failed {
                urn,
                failure,
                delivery,
            } => (urn, failure, delivery),
        };
        let mut error = Self::new(urn.unwrap_or_else(Urn::anonymous), failure);
        if let Self::Deadline { delivery, .. } = &mut error {
            *delivery = sent;
        }
        Ok(error)
    }
}

impl<E: Shape> Shape for AskError<E> {
    const END: u64 = <Self::At<End> as Value>::VALUE;
    const OPEN: bool = E::OPEN;
    type At<D: Depth> = Kind<{ hash("ask error") }, (E::At<D>,)>;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use conclib_wire::{Codec, CycleStep};

    use super::*;

    fn passed_on(error: &AskError<String>, codec: Codec) -> AskError<String> {
        let mut body = Vec::new();
        codec.encode(error, &mut body).unwrap();
        codec.decode(&body).unwrap()
    }

    #[test]
    fn an_error_that_is_passed_on_stays_the_same() {
        let urn = Urn::new("store").unwrap();
        let errors = [
            AskError::Handler("empty".to_owned()),
            AskError::Stopped {
                urn: urn.clone(),
                delivery: Delivery::NotDelivered,
            },
            AskError::Deadline {
                urn: urn.clone(),
                after: Duration::from_secs(2),
                delivery: Delivery::NotDelivered,
            },
            AskError::NoSuchMessage {
                urn: urn.clone(),
                message: "put".into(),
            },
            AskError::Cycle {
                path: Box::<[CycleStep]>::default(),
                delivery: Delivery::NotDelivered,
            },
            AskError::NoReply { urn },
        ];
        for codec in [Codec::Bincode, Codec::Json] {
            for error in &errors {
                assert_eq!(passed_on(error, codec), *error);
            }
        }
    }

    #[test]
    fn an_error_of_one_process_keeps_its_text_elsewhere() {
        let urn = Urn::new("store").unwrap();
        let error = AskError::WouldBlock { urn };
        for codec in [Codec::Bincode, Codec::Json] {
            let told = passed_on(&error, codec);
            assert!(matches!(told, AskError::UnknownFailure { .. }), "{told:?}");
            assert!(told.to_string().contains(".await"), "{told}");
            assert_eq!(told.delivery(), Delivery::NotDelivered);
        }
    }
}
