//! From tokens to the model. Nothing here decides what is expanded.

mod args;
mod block;
mod duration;
mod signature;

pub(crate) use args::{actor_args, impl_args, message_args};
pub(crate) use block::actor_impl;

use syn::Error;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Keeps the mistake, if it is one, and gives what there is without it.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All of them as `compile_error!`s.
    pub(crate) fn into_tokens(self) -> proc_macro2::TokenStream {
        self.0
            .map(|error| error.into_compile_error())
            .unwrap_or_default()
    }
}
