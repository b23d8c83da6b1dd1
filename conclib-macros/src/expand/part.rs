//! Expansion of `#[part]`: the messages of a value inside an actor, and the
//! method that leads to it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Item, ItemImpl, Path, Type, parse_quote};

use super::calls::Way;
use super::misplaced::{is_method, keyword};
use super::proven::part_alias;
use super::{blaming, calls, handlers, inbox, local, method, protocols, respanned};
use crate::check;
use crate::model::{Actor, Handler, Part};
use crate::parse::{Mistakes, part_args, part_impl};

pub(crate) fn part(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = part_args(args.clone(), &mut mistakes);
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(block)) => return on_impl(&args, &runtime, block, mistakes),
        _ if is_method(&item) => mistakes.at(
            Span::call_site(),
            "`#[part]` on a method is read by `#[actor]`: write `#[actor]` above this impl block",
        ),
        Ok(other) => mistakes.push(Error::new_spanned(
            keyword(&other),
            "`#[part]` goes above the `impl` block with the messages of a value inside an actor, and above the method of the actor that returns the value",
        )),
        Err(error) => mistakes.push(error),
    }
    let mistakes = mistakes.into_tokens();
    quote!(#mistakes #item)
}

fn on_impl(
    args: &TokenStream,
    runtime: &Path,
    mut block: ItemImpl,
    mut mistakes: Mistakes,
) -> TokenStream {
    if let Some(forked) = super::actor::forked(&quote!(part), args, &block, runtime) {
        return forked;
    }
    let Some(mut part) = part_impl(runtime, &mut block, &mut mistakes) else {
        let mistakes = mistakes.into_tokens();
        return quote!(#block #mistakes);
    };
    check::actor(&mut part, &mut mistakes);
    let is_sound = mistakes.is_empty();
    let mistakes = mistakes.into_tokens();
    let own = part.handlers.iter().filter_map(Handler::as_method);
    let messages = own.map(method::expand);
    let inbox = inbox::expand(&part, is_sound);
    let shared = protocols::shared(&part);
    let impls = impls(&part, is_sound);
    let calls = calls::expand(&part, &parse_quote!(pub));
    let allowances = super::allowances();
    quote! {
        #block
        #(#messages)*
        #allowances
        const _: () = {
            #inbox
            #impls
            #shared
        };
        #calls
        #mistakes
    }
}

fn impls(part: &Actor, is_sound: bool) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = part;
    let inbox = inbox::ident(part);
    let (message, owner, to) = (local("message"), local("owner"), local("to"));
    let turn = if is_sound {
        handlers::turn(part)
    } else {
        quote!(::core::unimplemented!())
    };
    quote! {
        impl #runtime::Part for #self_ty {
            type Inbox = #inbox;

            fn turn<__O>(
                #message: #inbox,
                #owner: &mut __O,
                #to: impl ::core::ops::FnOnce(&mut __O) -> &mut Self,
            ) -> impl ::core::future::Future<Output = #runtime::Turn> {
                async move { #turn }
            }
        }
    }
}

/// For a part: expression by which a handler gets it. It is evaluated inside of
/// the turn, so that a panic there is a panic of the turn.
pub(super) fn callee() -> TokenStream {
    let (owner, to) = (local("owner"), local("to"));
    quote!(#to(#owner))
}

/// For a part: its calls go to the actor that contains it.
pub(super) fn way(part: &Actor) -> Way {
    let Actor {
        runtime, self_ty, ..
    } = part;
    Way {
        generics: parse_quote!(<'__a, __A: #runtime::Actor>),
        target: quote!(#runtime::PartRef<'__a, __A, #self_ty>),
        reference: quote!(&'__a #runtime::ActorRef<__A>),
        asker: quote!(#runtime::PartRef::actor(self)),
        handles: Some(protocols::handles(part)),
    }
}

/// For an actor: signature of the method by which a reference leads to a part.
pub(super) fn signature(actor: &Actor, part: &Part) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let Part { method, ty, .. } = part;
    quote!(fn #method(&self) -> #runtime::PartRef<'_, #self_ty, #ty>)
}

pub(super) fn way_in(actor: &Actor) -> TokenStream {
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
