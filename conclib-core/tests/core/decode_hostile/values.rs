//! Types to decode from hostile bodies: one for each way to nest, and the leaves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Node {
    Leaf,
    Newtype(Box<Node>),
    Tuple(u8, Box<Node>),
    Struct { inner: Box<Node> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) value: u8,
    pub(super) next: Option<Box<List>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Chain(pub(super) Option<Box<Chain>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree(pub(super) Vec<Tree>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Directory(pub(super) BTreeMap<u8, Directory>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Scalars {
    pub(super) wide: i128,
    pub(super) narrow: (i8, u16, bool),
    pub(super) letter: char,
    pub(super) word: Option<String>,
    pub(super) nothing: (),
    pub(super) unit: Unit,
}

/// Bytes that are encoded by serde's `bytes`, unlike a `Vec<u8>`.
#[derive(Debug, PartialEq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut elements: A,
            ) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = elements.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

pub(super) fn nodes(levels: usize) -> Node {
    (0..levels).fold(Node::Leaf, |node, level| match level % 3 {
        0 => Node::Newtype(Box::new(node)),
        1 => Node::Tuple(0, Box::new(node)),
        _ => Node::Struct {
            inner: Box::new(node),
        },
    })
}
