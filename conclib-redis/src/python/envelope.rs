//! Envelopes of Python's conclib, in JSON.
//!
//! A failure has the type [`FAILURE`] and an error of a handler the type [`ERROR`]. Their `contents`
//! is a text, which a Python client refuses as no `dict`, whatever reply it expects; the same in full
//! is in a field that it ignores, `failure` or `error`.

use std::borrow::Cow;

use conclib_core::wire::{Codec, CodecError, Failure, MAX_BODY};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Type of a failure.
pub(super) const FAILURE: &str = "conclib.Failure";

/// Type of an error of a handler.
pub(super) const ERROR: &str = "conclib.Error";

/// First part of the id of a request whose client has subscribed to the reply already, by a pattern.
pub(super) const SUBSCRIBED: &str = "conclib.";

/// Maximum length of the id of a request, in bytes.
const MAX_ID: usize = 255;

/// Request on the channel of all requests.
#[derive(Serialize, Deserialize)]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) message_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) actor_urn: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) contents: &'a RawValue,
}

/// Reply on a channel of its own.
#[derive(Serialize, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub(super) message_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) contents: Cow<'a, RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Cow<'a, RawValue>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Cow<'a, RawValue>>,
}

impl<'a> Request<'a> {
    /// Reads a request. The limits of `contents` are those of its codec.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, serde_json::Error> {
        let request: Self = serde_json::from_slice(payload)?;
        match (1..=MAX_ID).contains(&request.message_id.len()) {
            true => Ok(request),
            false => Err(serde::de::Error::custom(
                "message_id is not 1 to 255 bytes long",
            )),
        }
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, CodecError> {
        write(self)
    }
}

impl<'a> Response<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, CodecError> {
        serde_json::from_slice(payload).map_err(malformed)
    }

    /// Makes the reply with an encoded body, of that type.
    pub(super) fn reply(
        message_id: &'a str,
        reply: &'a str,
        body: &[u8],
    ) -> Result<Self, CodecError> {
        let contents = match contents(body)? {
            Contents::Object(object) => Cow::Owned(object),
            Contents::Value(value) => Cow::Owned(raw(&Value { value: &value })?),
        };
        Ok(Self {
            message_id: message_id.into(),
            message_type: reply.into(),
            contents,
            failure: None,
            error: None,
        })
    }

    /// Makes the response with an encoded error of a handler.
    pub(super) fn error(message_id: &'a str, body: &[u8]) -> Result<Self, CodecError> {
        let error: Box<RawValue> = serde_json::from_slice(body).map_err(malformed)?;
        Ok(Self {
            message_id: message_id.into(),
            message_type: ERROR.into(),
            contents: Cow::Owned(raw(&format!("error: {error}"))?),
            failure: None,
            error: Some(Cow::Owned(error)),
        })
    }

    /// Makes the response with a failure; `about` names the request.
    pub(super) fn failure(
        message_id: &'a str,
        failure: &Failure,
        about: &str,
    ) -> Result<Self, CodecError> {
        let mut body = Vec::new();
        Codec::Json.encode(failure, &mut body)?;
        let full = serde_json::from_slice(&body).map_err(malformed)?;
        let mut text = format!("{}: {failure}", failure.name());
        if !about.is_empty() {
            text = format!("{text} ({about})");
        }
        Ok(Self {
            message_id: message_id.into(),
            message_type: FAILURE.into(),
            contents: Cow::Owned(raw(&text)?),
            failure: Some(Cow::Owned(full)),
            error: None,
        })
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, CodecError> {
        write(self)
    }
}

/// Contents of a reply that is no object.
#[derive(Serialize)]
struct Value<'a> {
    value: &'a RawValue,
}

/// Contents of an envelope, which have to be an object.
pub(super) enum Contents {
    Object(Box<RawValue>),
    Value(Box<RawValue>),
}

/// Returns an encoded body as contents; `null` is an object without fields.
pub(super) fn contents(body: &[u8]) -> Result<Contents, CodecError> {
    let value: Box<RawValue> = serde_json::from_slice(body).map_err(malformed)?;
    match value.get() {
        "null" => Ok(Contents::Object(raw(&Empty {})?)),
        text if text.starts_with('{') => Ok(Contents::Object(value)),
        _ => Ok(Contents::Value(value)),
    }
}

#[derive(Serialize)]
struct Empty {}

fn raw<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, CodecError> {
    serde_json::value::to_raw_value(value).map_err(unencodable)
}

fn write<T: Serialize>(envelope: &T) -> Result<Vec<u8>, CodecError> {
    let bytes = serde_json::to_vec(envelope).map_err(unencodable)?;
    // The names and the id have room beside a body of the maximum length.
    match bytes.len() <= MAX_BODY + MAX_BODY / 8 {
        true => Ok(bytes),
        false => Err(CodecError::TooLarge { limit: MAX_BODY }),
    }
}

fn malformed(error: serde_json::Error) -> CodecError {
    CodecError::Malformed {
        codec: Codec::Json,
        detail: error.to_string(),
    }
}

fn unencodable(error: serde_json::Error) -> CodecError {
    CodecError::Unencodable {
        codec: Codec::Json,
        detail: error.to_string(),
    }
}
