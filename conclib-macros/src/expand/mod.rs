//! From the model to tokens. One file for each thing that is generated.

mod actor;
mod calls;
mod entry;
mod fields;
mod generics;
mod handlers;
mod hooks;
mod inbox;
mod message;
mod method;
mod misplaced;
mod part;
mod protocol;
mod protocols;
mod proven;
mod shape;

#[cfg(test)]
mod tests;

pub(crate) use actor::actor;
pub(crate) use entry::{main, test};
pub(crate) use message::message;
pub(crate) use misplaced::misplaced;
pub(crate) use part::part;
pub(crate) use protocol::protocol;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// What generated items are allowed: the macro cannot see how public the
/// struct is, and writes no name that a user chose.
fn allowances() -> TokenStream {
    quote! {
        #[allow(
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            dead_code,
            deprecated,
            non_camel_case_types,
            private_bounds,
            private_interfaces,
            unreachable_pub,
            reason = "generated"
        )]
    }
}

/// A name that no parameter of the user's can be mistaken for.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The same tokens, complaining at `span`: also those that were quoted in.
fn respanned(span: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                let inner = respanned(span, group.stream());
                token = TokenTree::Group(Group::new(group.delimiter(), inner));
            }
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}

/// Complains at `span`, but means what it would mean in the macro's own place:
/// the token there may come from a macro of the user's.
fn blaming(span: Span) -> Span {
    Span::call_site().located_at(span)
}
