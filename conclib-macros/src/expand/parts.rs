//! Parts of an actor: the code generated for each value inside an actor that
//! has messages.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Type, parse_quote};

use super::names::part_alias;
use super::{blaming, local, respanned};
use crate::model::{Actor, Part};

/// For a part: expression by which a handler gets it. It is evaluated inside of
/// the turn, so that a panic there is a panic of the turn.
pub(super) fn callee() -> TokenStream {
    let (owner, to) = (local("owner"), local("to"));
    quote!(#to(#owner))
}

/// For an actor: signature of the method by which a reference leads to a part.
pub(super) fn signature(actor: &Actor, part: &Part) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let Part { method, ty, .. } = part;
    quote!(fn #method(&self) -> #runtime::PartRef<'_, #self_ty, #ty, __R>)
}

pub(super) fn part_ref(actor: &Actor) -> TokenStream {
    let runtime = &actor.runtime;
    quote!(#runtime::PartRef::new(self))
}

/// Inbox type of the part of that number.
pub(super) fn inbox_of(actor: &Actor, at: usize) -> Type {
    let (runtime, part) = (&actor.runtime, part_alias(at));
    parse_quote!(<#part as #runtime::Part>::Inbox)
}

/// Errors about a type that is no part are reported at the return type of the
/// method that leads to it.
pub(super) fn serve(actor: &Actor, at: usize, part: &Part) -> TokenStream {
    let runtime = &actor.runtime;
    let Part { method, ty, .. } = part;
    let (inbox, part) = (inbox_of(actor, at), part_alias(at));
    let span = blaming(ty.span());
    let turn = quote_spanned!(span=> <#part as #runtime::Part>::turn(inbox, self, Self::#method));
    let serve = quote! {
        fn serve(
            &mut self,
            inbox: #inbox,
            _: &mut #runtime::Context<Self>,
        ) -> impl ::core::future::Future<Output = #runtime::Turn> {
            #turn
        }
    };
    respanned(ty.span(), serve)
}
