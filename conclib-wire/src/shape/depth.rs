//! The number of pointers and containers that a shape still follows, as a type:
//! types that hold each other would have no end otherwise.

use std::marker::PhantomData;

use super::{Shape, Value};

/// A number of steps. Only a type behind a pointer or in a container can be one
/// that holds the type that it is in.
pub trait Depth: 'static {
    /// The shape of `T`, one step further in.
    type Inside<T: Shape + ?Sized>: Value;
}

/// No step.
#[derive(Debug)]
pub struct End;

/// A depth with a step more.
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

/// As far as shapes are followed: sixteen steps.
pub type Full = Four<Four<Four<Four<End>>>>;
