//! The shapes of messages, as numbers that two builds can compare.

mod depth;
mod of_std;
mod probe;

use depth::End;
pub use depth::{Depth, Full};
pub use of_std::Kind;
pub use probe::{Fallback, Probe, with_parameters};

/// The shape of a type: a hash of its field names and of their shapes, never
/// of a Rust path, made at compile time.
///
/// `#[message]` implements it. Put it on the types inside your messages too,
/// and a difference inside them is found as well; for a type that does not
/// have it, its bare name stands, with the shapes of its type parameters.
///
/// A `Box`, `Arc`, `Rc` or `Cow` has the shape of what is in it. Types may hold
/// themselves or each other: sixteen pointers or containers deep, a declared
/// type counts as one of any shape.
///
/// ```
/// use conclib_wire::Shape;
///
/// assert_eq!(<Vec<u32>>::SHAPE, <std::collections::VecDeque<u32>>::SHAPE);
/// assert_eq!(<Box<u32>>::SHAPE, u32::SHAPE);
/// assert_ne!(u32::SHAPE, u64::SHAPE);
/// ```
pub trait Shape {
    /// The hash; equal for types whose encodings are the same.
    const SHAPE: u64 = <Self::At<Full> as Value>::VALUE;

    /// Hash of the shape where shapes are followed no further.
    #[doc(hidden)]
    const END: u64 = <Self::At<End> as Value>::VALUE;

    /// Has type parameters whose shapes are not in its own.
    #[doc(hidden)]
    const OPEN: bool = false;

    /// The shape, following so many pointers and containers.
    #[doc(hidden)]
    type At<D: Depth>: Value;
}

/// The shape of a declared type, following as far as `D` says.
pub trait ShapeAt<D: Depth> {
    /// The hash.
    const SHAPE: u64;
}

/// Stand-in for a declared type that is not followed: its name is in no
/// encoding, so another name is no difference.
pub const DECLARED: u64 = hash("declared");

/// A hash as a type, so that which one is needed is known before it is made.
pub trait Value {
    /// The hash.
    const VALUE: u64;
}

/// The shape of a declared type as a type.
#[derive(Debug)]
pub struct Of<T: ?Sized, D>(std::marker::PhantomData<(D, T)>);

impl<T: ShapeAt<D> + ?Sized, D: Depth> Value for Of<T, D> {
    const VALUE: u64 = T::SHAPE;
}

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
