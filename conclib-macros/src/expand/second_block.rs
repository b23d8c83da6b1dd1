//! Expansion of a second `#[actor]` block of one type, which is a mistake: all but the impl of the
//! actor itself, so that calls of its messages are no errors.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemImpl;

use super::generics::actor_generics;
use super::names::imports;
use super::{calls, checked, hooks, method};
use crate::model::{Actor, Handler};
use crate::parse::{Mistakes, printed};

pub(super) fn second_block(mut actor: Actor, block: &ItemImpl, mistakes: Mistakes) -> TokenStream {
    let (import, alias) = imports(&mut actor);
    let own = || actor.handlers.iter().filter_map(Handler::as_method);
    let (messages, impls) = (own().map(method::item), own().map(method::impls));
    let checked = checked::aliases(&actor);
    let handlers = handlers(&actor);
    let create = hooks::create(&actor, false);
    let calls = calls::expand(&actor, &syn::parse_quote!(pub));
    let allowances = super::allowances();
    let (block, mistakes) = (printed(block), mistakes.into_tokens());
    quote! {
        #block
        #import
        #(#messages)*
        #allowances
        const _: () = {
            #alias
            #(#impls)*
            #checked
            #handlers
            #create
        };
        #calls
        #mistakes
    }
}

fn handlers(actor: &Actor) -> TokenStream {
    let self_ty = &actor.self_ty;
    let generics = actor_generics(actor);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let messages = actor
        .handlers
        .iter()
        .map(|handler| checked::message(actor, handler));
    quote! {
        #(
            impl #impl_generics __p::Handler<#messages> for #self_ty #where_clause {
                fn wrap(_: __p::Request<#messages>) -> <Self as __p::Actor>::Inbox {
                    ::core::unimplemented!()
                }
            }
        )*
    }
}
