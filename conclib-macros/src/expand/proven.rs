//! The types that somebody else declared: a message that is handled, what is
//! inside an actor.
//!
//! What is generated mentions each of them many times, and one that is not
//! what it should be would be told of as often. So it is asked once, in a
//! constant, and what is generated goes on with the type that the constant
//! stands before: without it there is none, of which the compiler knows that
//! it has complained.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Generics, Type, parse_quote};

use super::blaming;
use crate::model::{Actor, Handler, HandlerKind};

/// Names for the proven ones.
pub(super) fn aliases(actor: &Actor) -> TokenStream {
    let declared = actor.handlers.iter().filter_map(|handler| {
        let HandlerKind::Declared(message) = &handler.kind else {
            return None;
        };
        let alias = alias(actor, handler)?;
        Some(proven(actor, &alias, message, &format_ident!("is_message")))
    });
    let parts = actor.parts.iter().enumerate();
    let parts =
        parts.map(|(at, part)| proven(actor, &part_alias(at), &part.ty, &format_ident!("is_part")));
    let aliases: TokenStream = declared.chain(parts).collect();
    let is_asked = !aliases.is_empty() || !actor.protocols.is_empty();
    // What is asked is the same for all types. That this one is at home here
    // tells the compiler that nobody else can answer.
    let here = is_asked.then(|| {
        quote! {
            #[doc(hidden)]
            pub enum __Here {}
        }
    });
    quote!(#here #aliases)
}

fn proven(actor: &Actor, alias: &Ident, ty: &Type, what: &Ident) -> TokenStream {
    let runtime = &actor.runtime;
    let proof = quote_spanned!(blaming(ty.span())=> #runtime::__private::#what::<#ty>());
    quote! {
        type #alias = <__Here as #runtime::__private::Proven<#ty, { #proof }>>::Type;
    }
}

fn alias(actor: &Actor, handler: &Handler) -> Option<Ident> {
    match &handler.kind {
        // Outside of the impl nothing knows what its parameters are.
        HandlerKind::Declared(message) if !mentions_any(message, &actor.generics) => {
            Some(format_ident!("__{}", handler.variant))
        }
        _ => None,
    }
}

/// The name of the part of that number.
pub(super) fn part_alias(at: usize) -> Ident {
    format_ident!("__Part{at}")
}

/// The message of a handler, as what is generated names it.
pub(super) fn message(actor: &Actor, handler: &Handler) -> Type {
    match alias(actor, handler) {
        Some(alias) => parse_quote!(#alias),
        None => handler.message(),
    }
}

/// Whether a type has a parameter in it.
pub(super) fn mentions_any(ty: &Type, generics: &Generics) -> bool {
    struct Find<'a>(&'a Generics, bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            let types = self.0.type_params().map(|param| &param.ident);
            let consts = self.0.const_params().map(|param| &param.ident);
            self.1 |= types.chain(consts).any(|param| param == ident);
        }
    }
    let mut find = Find(generics, false);
    find.visit_type(ty);
    find.1
}
