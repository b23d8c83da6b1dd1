//! Checks of types from elsewhere: the message of a `#[handler]`, the type of a
//! part.
//!
//! The expansion mentions each such type many times, and the compiler would
//! report a wrong type at each of them. So a constant checks it once, and the
//! expansion uses an alias that depends on this constant: if the check fails,
//! the alias does not resolve, and the compiler reports nothing more.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Generics, Type, WherePredicate, parse_quote};

use super::blaming;
use super::names::part_alias;
use crate::model::{Actor, Handler, HandlerKind};

/// Aliases for the checked types.
pub(super) fn aliases(actor: &Actor) -> TokenStream {
    let declared = actor.handlers.iter().filter_map(|handler| {
        let HandlerKind::Declared(message) = &handler.kind else {
            return None;
        };
        let alias = alias(actor, handler)?;
        Some(check(&alias, message, &format_ident!("is_message")))
    });
    let parts = actor.parts.iter().enumerate();
    let parts = parts.map(|(at, part)| check(&part_alias(at), &part.ty, &format_ident!("is_part")));
    let aliases: TokenStream = declared.chain(parts).collect();
    let is_task = !actor.thread && actor.generics.params.is_empty();
    let is_asked = !aliases.is_empty() || !actor.protocols.is_empty() || is_task;
    // The impl to look up is the same for all types. A type of the crate itself
    // as a parameter tells the compiler that no other crate can add an impl.
    let here = is_asked.then(|| {
        quote! {
            #[doc(hidden)]
            pub enum __Crate {}
        }
    });
    quote!(#here #aliases)
}

fn check(alias: &Ident, ty: &Type, what: &Ident) -> TokenStream {
    let proof = quote_spanned!(blaming(ty.span())=> __p::#what::<#ty>());
    quote! {
        type #alias = <__Crate as __p::Proven<#ty, { #proof }>>::Type;
    }
}

fn alias(actor: &Actor, handler: &Handler) -> Option<Ident> {
    match &handler.kind {
        // Type parameters of the impl are unknown outside of it.
        HandlerKind::Declared(message) if !mentions_any(message, &actor.generics) => {
            Some(format_ident!("__{}", handler.variant))
        }
        _ => None,
    }
}

/// Message type of a handler, as the expansion names it.
pub(super) fn message(actor: &Actor, handler: &Handler) -> Type {
    match alias(actor, handler) {
        Some(alias) => parse_quote!(#alias),
        None => handler.message(),
    }
}

/// Alias of the state of an actor that can run as a task, and a bound by which an
/// impl depends on it. `None` for a generic actor.
pub(super) fn task(actor: &Actor) -> Option<(TokenStream, WherePredicate)> {
    let is_plain = actor.generics.params.is_empty();
    is_plain.then(|| {
        let alias = format_ident!("__Task");
        let check = check(&alias, &actor.self_ty, &format_ident!("is_task_state"));
        (check, parse_quote!(#alias: ::core::marker::Sized))
    })
}

/// Tests if a type mentions a generic parameter.
pub(super) fn mentions_any(ty: &Type, generics: &Generics) -> bool {
    struct FindParam<'a>(&'a Generics, bool);
    impl<'ast> Visit<'ast> for FindParam<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            let types = self.0.type_params().map(|param| &param.ident);
            let consts = self.0.const_params().map(|param| &param.ident);
            self.1 |= types.chain(consts).any(|param| param == ident);
        }
    }
    let mut find = FindParam(generics, false);
    find.visit_type(ty);
    find.1
}
