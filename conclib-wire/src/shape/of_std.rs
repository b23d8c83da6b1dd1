//! Shapes of types of the standard library and of this crate.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::{Depth, End, Shape, Value, hash, mix};

/// Shape of a kind of type, with the shapes of its parts.
#[derive(Debug)]
pub struct Kind<const HASH: u64, Parts>(PhantomData<Parts>);

macro_rules! kinds {
    ($($($part:ident)*;)*) => {
        $(impl<const HASH: u64, $($part: Value),*> Value for Kind<HASH, ($($part,)*)> {
            const VALUE: u64 = {
                let shape = HASH;
                $(let shape = mix(shape, $part::VALUE);)*
                shape
            };
        })*
    };
}

macro_rules! scalars {
    ($($name:literal: $($type:ty),+;)*) => {
        $($(impl Shape for $type {
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<D: Depth> = Kind<{ hash($name) }, ()>;
        })+)*
    };
}

scalars! {
    "bool": bool;
    "char": char;
    "u8": u8; "u16": u16; "u32": u32; "u64": u64, usize; "u128": u128;
    "i8": i8; "i16": i16; "i32": i32; "i64": i64, isize; "i128": i128;
    "f32": f32; "f64": f64;
    "unit": ();
    "text": String, str, crate::urn::Urn;
    "duration": std::time::Duration;
    "never": crate::never::Never;
}

/// Implements shapes of types that hold their parts inline: no type can contain itself that way.
macro_rules! values {
    ($($kind:literal: $type:ident<$($arg:ident),+>;)*) => {
        $(impl<$($arg: Shape),+> Shape for $type<$($arg),+> {
            const OPEN: bool = false $(|| $arg::OPEN)+;
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<D: Depth> = Kind<{ hash($kind) }, ($($arg::At<D>,)+)>;
        })*
    };
}

values! {
    "option": Option<T>;
    "result": Result<T, E>;
}

macro_rules! containers {
    ($($kind:literal: $($type:ident<$($arg:ident),+>),+;)*) => {
        $($(impl<$($arg: Shape),+> Shape for $type<$($arg),+> {
            const OPEN: bool = false $(|| $arg::OPEN)+;
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<D: Depth> = Kind<{ hash($kind) }, ($(D::Inside<$arg>,)+)>;
        })+)*
    };
}

containers! {
    "sequence": Vec<T>, VecDeque<T>, LinkedList<T>, BinaryHeap<T>, HashSet<T>, BTreeSet<T>;
    "map": HashMap<K, V>, BTreeMap<K, V>;
}

impl<T: Shape> Shape for [T] {
    const OPEN: bool = T::OPEN;
    const END: u64 = <Self::At<End> as Value>::VALUE;
    type At<D: Depth> = Kind<{ hash("sequence") }, (D::Inside<T>,)>;
}

/// Implements shapes of pointers, which an encoding does not show.
macro_rules! pointers {
    ($($type:ident),+) => {
        $(impl<T: Shape + ?Sized> Shape for $type<T> {
            const OPEN: bool = T::OPEN;
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<D: Depth> = D::Inside<T>;
        })+
    };
}

pointers!(Box, Arc, Rc);

impl<T: Shape + ToOwned + ?Sized> Shape for Cow<'_, T> {
    const OPEN: bool = T::OPEN;
    const END: u64 = <Self::At<End> as Value>::VALUE;
    type At<D: Depth> = D::Inside<T>;
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    const OPEN: bool = T::OPEN;
    const END: u64 = <Self::At<End> as Value>::VALUE;
    type At<D: Depth> = Array<T::At<D>, N>;
}

/// Shape of an array of `N` values.
#[derive(Debug)]
pub struct Array<T, const N: usize>(PhantomData<T>);

impl<T: Value, const N: usize> Value for Array<T, N> {
    const VALUE: u64 = mix(mix(hash("array"), T::VALUE), N as u64);
}

macro_rules! tuples {
    ($($($arg:ident)+;)*) => {
        $(impl<$($arg: Shape),+> Shape for ($($arg,)+) {
            const OPEN: bool = false $(|| $arg::OPEN)+;
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<Far: Depth> = Kind<{ hash("tuple") }, ($($arg::At<Far>,)+)>;
        })*
    };
}

kinds! {
    ; A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}

tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}
