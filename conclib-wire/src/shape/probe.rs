//! Shape of a type that may implement no [`Shape`].

use std::marker::PhantomData;

use super::{Depth, Shape, Value, hash, mix};

/// Probe for a shape: `<Probe<T, D>>::SHAPE` is the shape of `T` if it has one, else that of
/// [`Fallback`], where both are in scope. Rust prefers an inherent constant to one of a trait.
#[derive(Debug)]
pub struct Probe<T: ?Sized, D>(PhantomData<(D, T)>);

impl<T: Shape + ?Sized, D: Depth> Probe<T, D> {
    /// Shape of `T`.
    pub const SHAPE: u64 = <T::At<D> as Value>::VALUE;
    /// Shape of `T`, with one step less left.
    pub const INSIDE: u64 = <D::Inside<T> as Value>::VALUE;
    /// True if the shape leaves out type parameters.
    pub const OPEN: bool = T::OPEN;
}

/// Fallback of [`Probe`] for a type without a shape.
pub trait Fallback {
    /// Zero, so that the type's name is hashed.
    const SHAPE: u64 = 0;
    /// Zero, so that the type's name is hashed.
    const INSIDE: u64 = 0;
    /// True, so that the type parameters are hashed.
    const OPEN: bool = true;
}

impl<T: ?Sized, D> Fallback for Probe<T, D> {}

/// Returns the shape of a type with parameters: its own, or the hash of its name if it has none;
/// mixed with the shapes of the parameters if these are not in it.
pub const fn with_parameters(shape: u64, open: bool, name: &str, parameters: &[u64]) -> u64 {
    if shape != 0 && !open {
        return shape;
    }
    let mut mixed = if shape == 0 { hash(name) } else { shape };
    let mut at = 0;
    while at < parameters.len() {
        mixed = mix(mixed, parameters[at]);
        at += 1;
    }
    mixed
}
