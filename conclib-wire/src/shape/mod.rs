//! Shapes of messages: hashes of their structure that two builds can compare.

mod depth;
mod of_std;
mod probe;

pub use depth::{Depth, End, Full};
pub use of_std::Kind;
pub use probe::{Fallback, Probe, with_parameters};

/// Shape of a type: a hash of its field names and of their shapes, never of a Rust path, made at
/// compile time.
///
/// Implemented by `#[message]`. Put that on the types inside your messages too, and a difference
/// inside them is found as well; a type without a shape counts by its bare name and the shapes of
/// its type parameters.
///
/// A `Box`, `Arc`, `Rc` or `Cow` has the shape of its content. Types may contain themselves or each
/// other: sixteen pointers or containers deep, every declared type has the same shape.
///
/// ```
/// use conclib_wire::Shape;
///
/// assert_eq!(<Vec<u32>>::SHAPE, <std::collections::VecDeque<u32>>::SHAPE);
/// assert_eq!(<Box<u32>>::SHAPE, u32::SHAPE);
/// assert_ne!(u32::SHAPE, u64::SHAPE);
/// ```
pub trait Shape {
    /// Hash of the shape; equal for types whose encodings are the same.
    const SHAPE: u64 = <Self::At<Full> as Value>::VALUE;

    /// Hash of the shape where shapes are followed no further.
    #[doc(hidden)]
    const END: u64 = DECLARED;

    /// True if the shape leaves out type parameters.
    #[doc(hidden)]
    const OPEN: bool = false;

    /// Shape that follows pointers and containers up to depth `D`.
    #[doc(hidden)]
    type At<D: Depth>: Value;
}

/// Shape of a declared type, followed up to depth `D`.
pub trait ShapeAt<D: Depth> {
    /// Hash of the shape.
    const SHAPE: u64;
}

/// Stand-in for a declared type that is not followed. Independent of the type's name, which no
/// encoding contains.
pub const DECLARED: u64 = hash("declared");

/// Hash as a type, so that only the hashes that are needed are computed.
pub trait Value {
    /// The hash itself.
    const VALUE: u64;
}

/// Shape of a declared type, as a type.
#[derive(Debug)]
pub struct Of<T: ?Sized, D>(std::marker::PhantomData<(D, T)>);

impl<T: ShapeAt<D> + ?Sized, D: Depth> Value for Of<T, D> {
    const VALUE: u64 = T::SHAPE;
}

/// Returns the FNV-1a hash of a text.
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

/// Mixes two hashes; their order matters.
pub const fn mix(a: u64, b: u64) -> u64 {
    let mut hash = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 32)
}
