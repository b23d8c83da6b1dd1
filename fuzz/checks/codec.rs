//! A body from an untrusted peer is decoded within limits, or refused. A
//! decoded value can be encoded, and stays the same. The first byte picks codec
//! and type.

use std::collections::BTreeMap;
use std::fmt::Debug;

use conclib_core::Urn;
use conclib_core::wire::{Codec, CodecError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Node {
    Leaf,
    Newtype(Box<Node>),
    Tuple(u8, Box<Node>),
    Struct {
        left: Box<Node>,
        right: Option<Box<Node>>,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    customer: Urn,
    wide: i128,
    lines: Vec<(String, u32, bool)>,
    notes: BTreeMap<String, Option<char>>,
    #[serde(default)]
    nothing: (),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

pub(crate) fn check(bytes: &[u8]) {
    let Some((&pick, body)) = bytes.split_first() else {
        return;
    };
    let codec = match pick & 1 {
        0 => Codec::Bincode,
        _ => Codec::Json,
    };
    match (pick >> 1) % 7 {
        0 => again::<Node>(codec, body),
        1 => again::<Order>(codec, body),
        2 => again::<Tree>(codec, body),
        3 => again::<Vec<()>>(codec, body),
        4 => again::<BTreeMap<u64, Vec<u8>>>(codec, body),
        5 => again::<(String, Option<u16>, char)>(codec, body),
        _ => again::<Result<u64, String>>(codec, body),
    }
}

fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(codec: Codec, body: &[u8]) {
    let value = match codec.decode::<T>(body) {
        Ok(value) => value,
        Err(error) => {
            // The error is sent to the asker, and may be logged.
            assert!(error.to_string().len() < 1024, "{error}");
            return;
        }
    };
    let mut written = Vec::new();
    match codec.encode(&value, &mut written) {
        Ok(()) => assert_eq!(codec.decode::<T>(&written).as_ref(), Ok(&value)),
        // JSON may be longer when written than it was when read.
        Err(error) => assert!(matches!(error, CodecError::TooLarge { .. }), "{error}"),
    }
}
