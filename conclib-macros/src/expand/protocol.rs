//! Expansion of `#[protocol]`: the trait, the messages of its methods, and
//! their inbox.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Item, ItemTrait, parse_quote};

use super::misplaced::keyword;
use super::names::{imports, inbox_ident};
use super::protocols::{self, inbox_name};
use super::{calls, handlers, inbox, local, method};
use crate::check;
use crate::model::{Actor, Handler};
use crate::parse::{Mistakes, protocol_args, protocol_trait, trait_block};

pub(crate) fn protocol(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = protocol_args(args, &mut mistakes);
    let written = trait_block(item.clone());
    let mut written = match written.map_err(|error| (error, syn::parse2::<Item>(item.clone()))) {
        Ok(written) => written,
        Err((_, Ok(other))) => {
            mistakes.push(Error::new_spanned(
                keyword(&other),
                "a protocol is a trait: `#[protocol]` goes above it, and `#[actor(protocols(…))]` above the impl of an actor that has it",
            ));
            let mistakes = mistakes.into_tokens();
            return quote!(#item #mistakes);
        }
        Err((error, Err(_))) => {
            let error = error.into_compile_error();
            return quote!(#error #item);
        }
    };
    let Some(mut protocol) = protocol_trait(runtime, &mut written, &mut mistakes) else {
        let mistakes = mistakes.into_tokens();
        return quote!(#written #mistakes);
    };
    check::actor(&mut protocol, &mut mistakes);
    let (import, alias) = imports(&mut protocol);
    let is_sound = mistakes.is_empty();
    let mistakes = mistakes.into_tokens();
    let generated = generated(&protocol, &written, &alias, is_sound);
    complete(&protocol, &mut written);
    quote! {
        #written
        #import
        #generated
        #mistakes
    }
}

/// Name of the hidden supertrait that has the inbox.
fn hidden(protocol: &Actor) -> syn::Ident {
    format_ident!("__{}Protocol", protocol.ident)
}

/// Adds to the trait the supertraits of a protocol.
fn complete(protocol: &Actor, written: &mut ItemTrait) {
    let hidden = hidden(protocol);
    written.colon_token.get_or_insert_default();
    written.supertraits.push(parse_quote!(#hidden));
    written.attrs.push(parse_quote! {
        #[allow(async_fn_in_trait, reason = "the actor checks if the future is `Send`")]
    });
}

fn generated(
    protocol: &Actor,
    written: &ItemTrait,
    alias: &TokenStream,
    is_sound: bool,
) -> TokenStream {
    let Actor { runtime, ident, .. } = protocol;
    let vis = &written.vis;
    let (hidden, inbox_ty, inbox_name) =
        (hidden(protocol), inbox_ident(protocol), inbox_name(ident));
    let own = || protocol.handlers.iter().filter_map(Handler::as_method);
    let (structs, impls) = (own().map(method::item), own().map(method::impls));
    let inbox = inbox::expand(protocol, is_sound);
    let calls = calls::expand(protocol, vis);
    let shared = protocols::shared(protocol);
    let turn = if is_sound {
        handlers::turn(protocol)
    } else {
        quote!(::core::unimplemented!())
    };
    let (message, actor, ctx) = (local("message"), local("actor"), local("ctx"));
    let allowances = super::allowances();
    quote! {
        #[doc(hidden)]
        #allowances
        #vis trait #hidden {
            type #inbox_name: #runtime::Messages;
        }
        #(#structs)*
        #allowances
        const _: () = {
            #alias
            #(#impls)*
            #inbox
            impl<__T: ?::core::marker::Sized> #hidden for __T {
                type #inbox_name = #inbox_ty;
            }
            impl<__A: #ident + #runtime::Actor> __p::Serves<__A> for #inbox_ty {
                fn turn(
                    self,
                    #actor: &mut __A,
                    #ctx: &mut #runtime::Context<__A>,
                ) -> impl ::core::future::Future<Output = #runtime::Turn> {
                    let #message = self;
                    async move { #turn }
                }
            }
            #shared
        };
        #calls
    }
}
