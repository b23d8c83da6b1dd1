//! Recursion limit of shapes, as a type: the number of pointers and containers that are still
//! followed. Without it, types that contain each other would recurse without end.

use std::marker::PhantomData;

use super::{Shape, Value};

/// Number of steps that are left. Only a step through a pointer or container counts, since only
/// there a type can contain itself.
pub trait Depth: 'static {
    /// Shape of `T`, with one step less left.
    type Inside<T: Shape + ?Sized>: Value;
}

/// Depth without a step left.
#[derive(Debug)]
pub struct End;

/// Depth with one step more than `D`.
#[derive(Debug)]
pub struct More<D>(PhantomData<D>);

impl Depth for End {
    type Inside<T: Shape + ?Sized> = Cut<T>;
}

impl<D: Depth> Depth for More<D> {
    type Inside<T: Shape + ?Sized> = T::At<D>;
}

/// Stand-in for a shape that is not followed.
#[derive(Debug)]
pub struct Cut<T: ?Sized>(PhantomData<T>);

impl<T: Shape + ?Sized> Value for Cut<T> {
    const VALUE: u64 = T::END;
}

type Four<D> = More<More<More<More<D>>>>;

/// Depth to which shapes are followed: sixteen steps.
pub type Full = Four<Four<Four<Four<End>>>>;
