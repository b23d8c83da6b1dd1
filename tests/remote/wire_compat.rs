//! Recorded bytes of the wire, in `tests/wire-compat`: they are decoded and encoded as they were.
//! Answers of a newer version are typed errors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conclib::error::{CycleStep, UrnError};
use conclib::prelude::*;
use conclib::spi::{
    Answered, Answerer, Failure, Outlet, Remote, Room, SendRefused, UnknownFailure,
};
use conclib::wire::{
    Codec, CodecError, DeliveryClass, Envelope, Frame, Keys, NodeId, RequestId, Response,
    ResponseKind, Wants,
};
use support::outside::{DeskDouble, DeskNote};

/// Reads the lines of a file: a name, and bytes in hex.
fn recorded(lines: &str) -> BTreeMap<String, Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let line = |line: &str| {
        let (name, hex) = line.split_once(' ').unwrap();
        let bytes = hex.as_bytes().chunks(2).map(byte).collect();
        (name.to_owned(), bytes)
    };
    lines.lines().map(line).collect()
}

/// Compares the encoded values with the recorded ones.
fn compare(file: &str, lines: &str, encoded: &BTreeMap<String, Vec<u8>>) {
    let text = |(name, bytes): (&String, &Vec<u8>)| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name} {hex}\n")
    };
    let written: String = encoded.iter().map(text).collect();
    assert!(
        recorded(lines) == *encoded,
        "tests/wire-compat/{file} would be:\n{written}"
    );
}

fn frames() -> Vec<(&'static str, Frame<'static>)> {
    let id = RequestId::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
    let ask = Envelope {
        id,
        to: "desk",
        message: "double",
        timeout: Duration::from_millis(1500),
        trace: "",
        codec: Codec::Bincode,
        fingerprint: 0x1122_3344_5566_7788,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: b"\x07",
    };
    let response = |kind| {
        Frame::Response(Response {
            id,
            kind,
            codec: Codec::Json,
            body: b"42",
        })
    };
    let tell = Envelope {
        wants: Wants::Queued,
        codec: Codec::Json,
        trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ..ask
    };
    let all = Envelope {
        wants: Wants::Handled,
        class: DeliveryClass::AtLeastOnce,
        attempt: 3,
        priority: Some(9),
        chain: b"chain",
        ..tell
    };
    let failure = Some((Codec::Json, &b"{}"[..]));
    vec![
        ("ask", Frame::Request(ask)),
        ("tell", Frame::Request(tell)),
        ("all", Frame::Request(all)),
        ("reply", response(ResponseKind::Reply)),
        ("error", response(ResponseKind::Error)),
        ("failure", response(ResponseKind::Failure)),
        ("queued", response(ResponseKind::Queued)),
        ("stream", response(ResponseKind::Stream)),
        ("handled", response(ResponseKind::Handled)),
        ("cancel", Frame::Cancel(id)),
        ("goodbye", Frame::Goodbye),
        ("item", Frame::Item { id, body: b"7" }),
        ("end", Frame::End { id, failure: None }),
        ("end_failed", Frame::End { id, failure }),
        ("credit", Frame::Credit { id, items: 32 }),
        (
            "waits",
            Frame::Waits {
                id,
                chain: b"chain",
            },
        ),
        (
            "hello",
            Frame::Hello {
                node: Some(NodeId::from_bits(7)),
                url: "unix:///run/app.sock",
            },
        ),
        (
            "hello_of_nobody",
            Frame::Hello {
                node: None,
                url: "",
            },
        ),
        (
            "export",
            Frame::Export {
                id,
                keys: Keys::new(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]).unwrap(),
            },
        ),
        ("release", Frame::Release { key: 2 }),
    ]
}

#[support::test]
fn frames_are_those_that_were_recorded() {
    let lines = include_str!("../wire-compat/frames.hex");
    let mut encoded = BTreeMap::new();
    for (name, frame) in frames() {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes).unwrap();
        encoded.insert(name.to_owned(), bytes.split_off(4));
    }
    compare("frames.hex", lines, &encoded);
    let recorded = recorded(lines);
    for (name, frame) in frames() {
        assert_eq!(Frame::decode(&recorded[name]), Ok(frame), "{name}");
    }
}

/// A message delivered for the first time needs no number.
#[support::test]
fn the_first_attempt_is_not_written() {
    let bytes = &recorded(include_str!("../wire-compat/frames.hex"))["all"];
    let third = [0, 0, 0, 3];
    let at = bytes.windows(4).position(|four| four == third).unwrap();
    for attempt in [0, 1] {
        let mut bytes = bytes.clone();
        bytes[at + 3] = attempt;
        let error = Frame::decode(&bytes).unwrap_err();
        assert!(error.to_string().contains("not at least 2"), "{error}");
    }
}

fn failures() -> Vec<Failure> {
    let fault = Fault::of(&std::io::Error::other("disk on fire"));
    let step = |urn| CycleStep::new("app::Desk".into(), Urn::new(urn).unwrap());
    let path = ["a", "b", "a"].map(step).into();
    vec![
        Failure::Fault(Box::new(fault.clone())),
        Failure::Panicked(Box::new(fault)),
        Failure::Stopped(Delivery::NotDelivered),
        Failure::NoReply,
        Failure::MailboxFull,
        Failure::NoSuchActor,
        Failure::NoProxy,
        Failure::NoSuchMessage("Greet".into()),
        Failure::Codec(
            Box::new(CodecError::TrailingBytes { left: 3 }),
            Delivery::MayHaveRun,
        ),
        Failure::SchemaMismatch("Greet".into()),
        Failure::Disconnected(Delivery::MayHaveRun),
        Failure::Cancelled,
        Failure::Deadline(Duration::from_millis(1500)),
        Failure::Urn(Box::new(UrnError::Empty)),
        Failure::TooManyStreams,
        Failure::Cycle(path, Delivery::NotDelivered),
        Failure::Unsupported("no streams here".into(), Delivery::MayHaveRun),
        Failure::NotPermitted("stop".into()),
        Failure::Unknown(Box::new(UnknownFailure {
            name: "of_tomorrow".into(),
            text: "something new".into(),
            delivery: Delivery::NotDelivered,
        })),
    ]
}

#[support::test]
fn failures_are_those_that_were_recorded() {
    let lines = include_str!("../wire-compat/failures.hex");
    let line = |codec: Codec, failure: &Failure| format!("{}.{codec}", failure.name());
    let mut encoded = BTreeMap::new();
    for codec in [Codec::Bincode, Codec::Json] {
        for failure in failures() {
            let mut body = Vec::new();
            codec.encode(&failure, &mut body).unwrap();
            encoded.insert(line(codec, &failure), body);
        }
    }
    compare("failures.hex", lines, &encoded);
    let recorded = recorded(lines);
    for codec in [Codec::Bincode, Codec::Json] {
        for failure in failures() {
            let body = &recorded[&line(codec, &failure)];
            assert_eq!(Failure::read(codec, body), failure);
        }
    }
}

/// Outlet that gives each request the same answer.
struct Peer {
    kind: ResponseKind,
    body: Vec<u8>,
}

impl Outlet for Peer {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        answerer.answer(Ok(Answered::from(Response {
            id: envelope.id,
            kind: self.kind,
            codec: Codec::Json,
            body: &self.body,
        })));
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }
}

async fn ask_and_tell(kind: ResponseKind, body: &str) -> conclib::Result<[AskError; 2]> {
    let body = body.as_bytes().to_vec();
    let remote = Remote::new(Arc::new(Peer { kind, body }), Urn::new("desk"));
    let asked = Call::new(&remote, DeskDouble { n: 1 }).await.unwrap_err();
    let told = Call::new(&remote, DeskNote { n: 1 }).tell().await;
    let TellError::Failed { error: told, .. } = told.unwrap_err() else {
        return Err("not told".into());
    };
    Ok([asked, told])
}

#[support::test]
async fn a_failure_of_a_newer_version_is_a_typed_error() -> conclib::Result {
    let delivery = Delivery::NotDelivered;
    let newer = [
        // A name that this version does not know, with fields of any kind.
        r#"{"name":"rate_limited","delivery":"NotDelivered","text":"five a second","fields":{"per":{"second":5}},"more":1}"#,
        // A name that this version knows, with other fields.
        r#"{"name":"deadline","delivery":"NotDelivered","text":"too late","fields":{"until":7}}"#,
    ];
    for (body, name) in newer.into_iter().zip(["rate_limited", "deadline"]) {
        for error in ask_and_tell(ResponseKind::Failure, body).await? {
            assert_eq!(error.delivery(), delivery);
            assert!(error.to_string().contains("another version"), "{error}");
            let AskError::UnknownFailure { failure, .. } = error else {
                return Err(format!("{error:?}").into());
            };
            assert_eq!(*failure.name, *name);
        }
    }
    Ok(())
}

#[support::test]
async fn an_answer_of_a_newer_kind_is_a_typed_error() -> conclib::Result {
    let kind = ResponseKind::from_id(99);
    assert_eq!(kind, ResponseKind::Unknown(99));
    for error in ask_and_tell(kind, "42").await? {
        assert!(
            matches!(error, AskError::UnknownFailure { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("response kind 99"), "{error}");
        assert_eq!(error.delivery(), Delivery::MayHaveRun);
    }
    Ok(())
}
