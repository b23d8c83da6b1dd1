//! Bodies from an untrusted peer: decoding each of them ends, in a value or an error.
//!
//! The limits are tested one by one first; then a million broken bodies are decoded as a dozen
//! types. A failure of those prints its seed, and `DECODE_HOSTILE_SEED` runs it again.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use conclib_core::wire::{Codec, CodecError, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS};
use serde::de::DeserializeOwned;
use serde::ser::SerializeTuple;
use serde::{Deserialize, Serialize, Serializer};

use self::values::{Bytes, Chain, Directory, List, Node, Scalars, Tree, Unit, nodes};

mod attacks;
mod values;

const BOTH: [Codec; 2] = [Codec::Bincode, Codec::Json];
const TOO_LARGE: CodecError = CodecError::TooLarge { limit: MAX_BODY };
const TOO_DEEP: CodecError = CodecError::TooDeep { limit: MAX_DEPTH };
const TOO_MANY: CodecError = CodecError::TooManyElements {
    limit: MAX_ELEMENTS,
};

/// Encoding of the length 2^64 - 1 in bincode.
const HUGE: [u8; 9] = [253, 255, 255, 255, 255, 255, 255, 255, 255];

fn encode<T: Serialize + ?Sized>(codec: Codec, value: &T) -> Result<Vec<u8>, CodecError> {
    let mut out = b"before".to_vec();
    let result = codec.encode(value, &mut out);
    assert_eq!(&out[..6], b"before");
    assert!(result.is_ok() || out.len() == 6, "an error leaves bytes");
    result.map(|()| out.split_off(6))
}

fn round_trip<T: Serialize + DeserializeOwned>(codec: Codec, value: &T) -> Result<T, CodecError> {
    codec.decode(&encode(codec, value)?)
}

// ---- depth ----

#[support::test]
fn sixteen_kilobytes_of_nesting_are_too_deep_and_not_the_end() {
    let bincode = Codec::Bincode;
    let ones = vec![1; 16_384];
    assert_eq!(bincode.decode::<Node>(&ones), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<Node>(&[2; 16_384]), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<Node>(&[3; 16_384]), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<List>(&ones), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<Chain>(&ones), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<Tree>(&ones), Err(TOO_DEEP));
    assert_eq!(bincode.decode::<Directory>(&ones), Err(TOO_DEEP));

    let json = Codec::Json;
    let deep = |open: &str| open.repeat(16_384).into_bytes();
    assert_eq!(json.decode::<Node>(&deep(r#"{"Newtype":"#)), Err(TOO_DEEP));
    assert_eq!(json.decode::<Node>(&deep(r#"{"Tuple":[1,"#)), Err(TOO_DEEP));
    assert_eq!(
        json.decode::<List>(&deep(r#"{"value":1,"next":"#)),
        Err(TOO_DEEP)
    );
    assert_eq!(json.decode::<Tree>(&deep("[")), Err(TOO_DEEP));
    assert_eq!(json.decode::<Directory>(&deep(r#"{"1":"#)), Err(TOO_DEEP));
    assert_eq!(json.decode::<serde_json::Value>(&deep("[")), Err(TOO_DEEP));
}

#[support::test]
fn nesting_that_takes_no_bytes_is_too_deep() {
    // Neither `Some` nor a newtype is written in JSON, so any single value is an endless `Chain`.
    assert_eq!(Codec::Json.decode::<Chain>(b"1"), Err(TOO_DEEP));
    assert_eq!(Codec::Json.decode::<Chain>(b"null"), Ok(Chain(None)));
}

#[support::test]
fn what_is_skipped_is_skipped_without_recursion() {
    let body = format!(
        r#"{{"value":1,"other":{}{},"next":null}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let list = Codec::Json.decode::<List>(body.as_bytes()).unwrap();
    assert_eq!(list.value, 1);
}

#[support::test]
fn the_last_level_allowed_is_the_same_for_writing_and_reading() {
    let bincode = Codec::Bincode;
    let deepest = nodes(MAX_DEPTH);
    assert_eq!(round_trip(bincode, &deepest).unwrap(), deepest);
    assert_eq!(encode(bincode, &nodes(MAX_DEPTH + 1)), Err(TOO_DEEP));

    let mut body = vec![1; MAX_DEPTH];
    body.push(0);
    assert!(bincode.decode::<Node>(&body).is_ok());
    body.insert(0, 1);
    assert_eq!(bincode.decode::<Node>(&body), Err(TOO_DEEP));

    let deepest = nodes((MAX_DEPTH - 1) / 2);
    assert_eq!(round_trip(Codec::Json, &deepest).unwrap(), deepest);
    assert_eq!(
        encode(Codec::Json, &nodes((MAX_DEPTH - 1) / 2 + 1)),
        Err(TOO_DEEP)
    );
}

#[support::test]
fn writing_something_very_deep_is_an_error_too() {
    // Leaked, because the drop would recurse as well.
    let deep: &'static Node = Box::leak(Box::new(nodes(1_000_000)));
    for codec in BOTH {
        assert_eq!(encode(codec, deep), Err(TOO_DEEP));
    }
}

// ---- number of elements ----

#[support::test]
fn elements_of_nothing_are_counted() {
    let bincode = Codec::Bincode;
    assert_eq!(bincode.decode::<Vec<()>>(&HUGE), Err(TOO_MANY));
    assert_eq!(bincode.decode::<Vec<Unit>>(&HUGE), Err(TOO_MANY));
    assert_eq!(bincode.decode::<Vec<[u8; 0]>>(&HUGE), Err(TOO_MANY));
    assert_eq!(bincode.decode::<HashMap<(), ()>>(&HUGE), Err(TOO_MANY));

    // 400,000 three times: each is allowed, and all of them are not.
    let mut body = vec![3];
    for _ in 0..3 {
        body.push(252);
        body.extend_from_slice(&400_000_u32.to_le_bytes());
    }
    assert_eq!(bincode.decode::<Vec<Vec<()>>>(&body), Err(TOO_MANY));
}

#[support::test]
fn the_last_element_allowed_is_the_same_for_writing_and_reading() {
    let most = vec![(); MAX_ELEMENTS];
    assert_eq!(round_trip(Codec::Bincode, &most).unwrap().len(), most.len());
    let more = vec![(); MAX_ELEMENTS + 1];
    assert_eq!(encode(Codec::Bincode, &more), Err(TOO_MANY));
    // In JSON each of them takes up bytes, and is paid by them.
    assert_eq!(round_trip(Codec::Json, &more).unwrap().len(), more.len());
}

#[support::test]
fn the_fields_of_a_type_are_not_elements() {
    let pairs = vec![(0_u8, ((), Unit)); 800_000];
    let read: Vec<(u8, ((), Unit))> = round_trip(Codec::Bincode, &pairs).unwrap();
    assert_eq!(read.len(), 800_000);
}

// ---- size ----

#[support::test]
fn a_length_beyond_the_body_is_refused() {
    fn refused<T: DeserializeOwned + Debug>() {
        for length in [
            &HUGE[..],
            &[252, 255, 255, 255, 127],
            &[251, 255, 255],
            &[250],
        ] {
            assert!(Codec::Bincode.decode::<T>(length).is_err());
        }
    }
    refused::<String>();
    refused::<Bytes>();
    refused::<Vec<u64>>();
    refused::<Vec<String>>();
    refused::<Vec<[u128; 16]>>();
    refused::<HashMap<String, Vec<u8>>>();
    refused::<BTreeMap<u64, u64>>();
}

#[support::test]
fn every_body_up_to_the_limit_is_read() {
    // A bincode integer takes up one byte and counts as sixteen.
    let numbers = vec![1_u128; MAX_BODY - 5];
    let body = encode(Codec::Bincode, &numbers).unwrap();
    assert_eq!(body.len(), MAX_BODY);
    assert_eq!(Codec::Bincode.decode::<Vec<u128>>(&body).unwrap(), numbers);

    let text = "x".repeat(MAX_BODY - 2);
    assert_eq!(round_trip(Codec::Json, &text).unwrap(), text);
}

#[support::test]
fn a_body_beyond_the_limit_is_neither_written_nor_read() {
    for codec in BOTH {
        assert_eq!(encode(codec, &"x".repeat(MAX_BODY)), Err(TOO_LARGE));
        assert_eq!(encode(codec, &vec![7_u8; MAX_BODY]), Err(TOO_LARGE));
        let body = vec![b' '; MAX_BODY + 1];
        assert_eq!(codec.decode::<()>(&body), Err(TOO_LARGE));
    }
}

#[support::test]
fn a_value_too_large_is_given_up_early() {
    struct Gigabyte(Cell<usize>);
    impl Serialize for Gigabyte {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let kilobyte = "x".repeat(1024);
            let mut parts = serializer.serialize_tuple(1024 * 1024)?;
            for _ in 0..1024 * 1024 {
                self.0.set(self.0.get() + 1);
                parts.serialize_element(&kilobyte)?;
            }
            parts.end()
        }
    }
    for codec in BOTH {
        let value = Gigabyte(Cell::new(0));
        assert_eq!(encode(codec, &value), Err(TOO_LARGE));
        assert!(value.0.get() <= 8 * 1024);
    }
}

// ---- what is not the type ----

#[support::test]
fn bytes_after_the_value_are_refused() {
    let error = Codec::Bincode.decode::<(u8, u8)>(&[1, 2, 3, 4]);
    assert_eq!(error, Err(CodecError::TrailingBytes { left: 2 }));

    let error = Codec::Json.decode::<u8>(b"1 2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed json: trailing characters at line 1 column 3"
    );
}

#[support::test]
fn bincode_says_so_when_a_type_is_not_for_it() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { x: u8 },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        A(u8),
        B(String),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Skipping {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<u8>,
        second: u8,
    }
    struct Unsized;
    impl Serialize for Unsized {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..9).filter(|n| n % 2 == 0))
        }
    }

    let unfit = CodecError::NotSelfDescribing;
    let bincode = Codec::Bincode;
    let tagged = Tagged::A { x: 1 };
    let flat = Flat {
        rest: BTreeMap::from([("x".to_owned(), 1)]),
    };
    let skipping = Skipping {
        first: None,
        second: 2,
    };
    assert_eq!(round_trip(bincode, &tagged), Err(unfit.clone()));
    assert_eq!(round_trip(bincode, &Untagged::A(1)), Err(unfit.clone()));
    assert_eq!(encode(bincode, &flat), Err(unfit.clone()));
    assert_eq!(bincode.decode::<Flat>(&[1; 8]), Err(unfit.clone()));
    assert_eq!(encode(bincode, &skipping), Err(unfit.clone()));
    assert_eq!(encode(bincode, &Unsized), Err(unfit.clone()));
    assert_eq!(
        bincode.decode::<serde_json::Value>(&[0; 8]),
        Err(unfit.clone())
    );
    assert!(unfit.to_string().contains("use json"));

    let json = Codec::Json;
    assert_eq!(round_trip(json, &tagged), Ok(tagged));
    assert_eq!(round_trip(json, &Untagged::A(1)), Ok(Untagged::A(1)));
    assert_eq!(round_trip(json, &flat), Ok(flat));
    assert_eq!(round_trip(json, &skipping), Ok(skipping));
    assert_eq!(encode(json, &Unsized).unwrap(), b"[0,2,4,6,8]");
}

#[support::test]
fn a_complaint_says_what_and_where_in_200_bytes() {
    let error = Codec::Json.decode::<List>(br#"{"value":1}x"#).unwrap_err();
    assert!(error.to_string().contains("line 1 column 12"), "{error}");
    let error = Codec::Json.decode::<Scalars>(b"{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed json: missing field `wide` at line 1 column 2"
    );

    let shout = format!(r#"{{"{}":1}}"#, "\u{e9}".repeat(100_000));
    let error = Codec::Json.decode::<Node>(shout.as_bytes()).unwrap_err();
    let CodecError::Malformed { detail, .. } = error else {
        panic!("{error}");
    };
    assert!(detail.len() <= 200, "{}", detail.len());
    assert!(detail.starts_with("unknown variant `") && detail.contains("at line 1 column"));

    let error = Codec::Bincode.decode::<String>(b"\x03Ad").unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed bincode: the body ends in the middle of the value"
    );
    let error = Codec::Bincode.decode::<Node>(&[9]).unwrap_err();
    assert!(error.to_string().contains("variant index 0 <= i < 4"));
}

#[support::test]
fn a_value_without_a_form_is_refused_by_name() {
    let by_pair = HashMap::from([((1, 2), 3)]);
    assert_eq!(
        encode(Codec::Json, &by_pair).unwrap_err().to_string(),
        "the value cannot be written as json: key must be a string"
    );
}

#[support::test]
fn errors_travel() {
    let mut errors = vec![
        TOO_LARGE,
        TOO_DEEP,
        TOO_MANY,
        CodecError::NotSelfDescribing,
        CodecError::TrailingBytes { left: 3 },
        CodecError::local("Greet"),
        CodecError::shape("Greet"),
    ];
    errors.extend(Codec::Json.decode::<u8>(b"?").err());
    errors.extend(encode(Codec::Json, &HashMap::from([((), ())])).err());
    assert_eq!(errors.len(), 9);
    for codec in BOTH {
        assert_eq!(round_trip(codec, &errors).as_ref(), Ok(&errors));
    }
}
