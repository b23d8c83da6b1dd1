//! From the model to tokens. One file for each thing that is generated.

mod actor;
mod calls;
mod entry;
mod generics;
mod handlers;
mod hooks;
mod inbox;
mod message;
mod shape;

pub(crate) use actor::actor;
pub(crate) use entry::main;
pub(crate) use message::message;

use proc_macro2::TokenStream;
use quote::quote;

/// One of our attributes where nothing reads it.
pub(crate) fn misplaced(name: &str, item: TokenStream) -> TokenStream {
    let text = format!("`#[{name}]` belongs on a method inside an `#[actor] impl`");
    quote! {
        ::core::compile_error!(#text);
        #item
    }
}

/// What generated items are allowed: the macro cannot see how public the
/// struct is, and writes no name that a user chose.
pub(crate) fn allowances() -> TokenStream {
    quote! {
        #[allow(
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            dead_code,
            missing_debug_implementations,
            non_camel_case_types,
            private_bounds,
            private_interfaces,
            unreachable_pub,
            reason = "generated"
        )]
    }
}
