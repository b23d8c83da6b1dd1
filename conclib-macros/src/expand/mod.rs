//! Expansion of the model to tokens. One file for each generated thing.
//!
//! Floors, lowest first: generics, names and checked types; shapes and serde
//! code; parts; protocols; the target of calls and the variants of an inbox;
//! inbox, hooks, fields, messages and methods; handlers and calls; the attributes `actor`, `part`, `protocol`, `message`, `main` and
//! `test`.

mod actor;
mod answer_doc;
mod call_target;
mod calls;
mod checked;
mod encoding;
mod entry;
mod fields;
mod forked;
mod generics;
mod handlers;
mod hooks;
mod inbox;
mod message;
mod method;
mod misplaced;
mod names;
mod outcome;
mod part;
mod parts;
mod protocol;
mod protocols;
mod second_block;
mod shape;
mod shared;
mod variants;

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

/// Lints that generated items allow: the macro cannot see the visibility of the
/// struct, and does not choose the names of the user.
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
            unused_imports,
            reason = "generated"
        )]
    }
}

/// Short name of the support code, for the items of one block.
fn alias(runtime: &syn::Path) -> TokenStream {
    quote!(use #runtime::__private as __p;)
}

/// Name that cannot clash with a parameter of the user.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Gives all tokens the span, so that errors in them are reported there. The
/// tokens that were quoted in get it, too.
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

/// Span for error locations that resolves names as the macro does: the token at
/// `span` may come from a macro of the user.
fn blaming(span: Span) -> Span {
    Span::call_site().located_at(span)
}
