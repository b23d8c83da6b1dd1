//! The shapes of messages, as numbers that two builds can compare.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The shape of a type: a hash of its field names and of their shapes, never
/// of a Rust path, made at compile time.
///
/// `#[message]` implements it. Put it on the types inside your messages too,
/// and a difference inside them is found as well; for a type that does not
/// have it, its bare name stands.
///
/// ```
/// use conclib_core::Shape;
///
/// assert_eq!(<Vec<u32>>::SHAPE, <std::collections::VecDeque<u32>>::SHAPE);
/// assert_ne!(u32::SHAPE, u64::SHAPE);
/// ```
pub trait Shape {
    /// The hash; equal for types whose encodings are the same.
    const SHAPE: u64;
}

/// Fallback of [`Probe`] for a type without a shape.
pub trait Fallback {
    /// What stands for its shape: zero, so that the name decides.
    const SHAPE: u64 = 0;
}

/// `<Probe<T>>::SHAPE` is the shape of `T` if it has one, else that of
/// [`Fallback`], where both are in scope: an inherent constant goes before one
/// of a trait.
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

impl<T: Shape + ?Sized> Probe<T> {
    /// The shape of `T`.
    pub const SHAPE: u64 = T::SHAPE;
}

impl<T: ?Sized> Fallback for Probe<T> {}

/// FNV-1a of a text.
pub const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Two hashes as one; the order matters.
pub const fn mix(a: u64, b: u64) -> u64 {
    let mut hash = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 32)
}

macro_rules! shapes {
    ($($name:literal: $($type:ty),+;)*) => {
        $($(impl Shape for $type { const SHAPE: u64 = hash($name); })+)*
    };
}

shapes! {
    "bool": bool;
    "char": char;
    "u8": u8; "u16": u16; "u32": u32; "u64": u64, usize; "u128": u128;
    "i8": i8; "i16": i16; "i32": i32; "i64": i64, isize; "i128": i128;
    "f32": f32; "f64": f64;
    "unit": ();
    "text": String, str, crate::Urn;
    "duration": std::time::Duration;
    "never": crate::Never;
}

macro_rules! containers {
    ($($kind:literal: $($type:ident<$($arg:ident),+>),+;)*) => {
        $($(impl<$($arg: Shape),+> Shape for $type<$($arg),+> {
            const SHAPE: u64 = {
                let shape = hash($kind);
                $(let shape = mix(shape, $arg::SHAPE);)+
                shape
            };
        })+)*
    };
}

use std::collections::VecDeque;

use crate::Items;

containers! {
    "option": Option<T>;
    "stream": Items<T>;
    "sequence": Vec<T>, VecDeque<T>, HashSet<T>, BTreeSet<T>;
    "map": HashMap<K, V>, BTreeMap<K, V>;
    "result": Result<T, E>;
}

/// It ends the recursion of types that hold themselves.
impl<T: ?Sized> Shape for Box<T> {
    const SHAPE: u64 = hash("box");
}

impl<T: Shape + ?Sized> Shape for std::sync::Arc<T> {
    const SHAPE: u64 = T::SHAPE;
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    const SHAPE: u64 = mix(mix(hash("array"), T::SHAPE), N as u64);
}

impl<T: Shape> Shape for [T] {
    const SHAPE: u64 = mix(hash("sequence"), T::SHAPE);
}

macro_rules! tuples {
    ($($($arg:ident)+;)*) => {
        $(impl<$($arg: Shape),+> Shape for ($($arg,)+) {
            const SHAPE: u64 = {
                let shape = hash("tuple");
                $(let shape = mix(shape, $arg::SHAPE);)+
                shape
            };
        })*
    };
}

tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}
