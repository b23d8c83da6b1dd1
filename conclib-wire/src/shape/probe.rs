//! The shape of a type that may have none.

use std::marker::PhantomData;

use super::{Depth, Shape, Value, hash, mix};

/// `<Probe<T, D>>::SHAPE` is the shape of `T` if it has one, else that of
/// [`Fallback`], where both are in scope: an inherent constant goes before one
/// of a trait.
#[derive(Debug)]
pub struct Probe<T: ?Sized, D>(PhantomData<(D, T)>);

impl<T: Shape + ?Sized, D: Depth> Probe<T, D> {
    /// The shape of `T`.
    pub const SHAPE: u64 = <T::At<D> as Value>::VALUE;
    /// The shape of `T`, one step further in.
    pub const INSIDE: u64 = <D::Inside<T> as Value>::VALUE;
    /// Has type parameters whose shapes are not in its own.
    pub const OPEN: bool = T::OPEN;
}

/// Fallback of [`Probe`] for a type without a shape.
pub trait Fallback {
    /// Zero, so that the name decides.
    const SHAPE: u64 = 0;
    /// Zero, so that the name decides.
    const INSIDE: u64 = 0;
    /// The parameters of the type count.
    const OPEN: bool = true;
}

impl<T: ?Sized, D> Fallback for Probe<T, D> {}

/// The shape of a type with parameters: its own, or its name if it has none,
/// and those of the parameters if they are not in it.
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
