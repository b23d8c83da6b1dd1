//! Expansion of `#[part]`: the messages of a value inside an actor.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Item, ItemImpl, Path, parse_quote};

use super::forked::forked;
use super::misplaced::{is_method, keyword};
use super::names::{imports, inbox_ident};
use super::{calls, handlers, inbox, local, method, protocols};
use crate::check;
use crate::model::{Actor, Handler};
use crate::parse::{Mistakes, impl_block, part_args, part_impl, printed};

pub(crate) fn part(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = part_args(args.clone(), &mut mistakes);
    if let Ok(block) = impl_block(item.clone()) {
        return on_impl(&args, &runtime, block, mistakes);
    }
    match syn::parse2::<Item>(item.clone()) {
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
    if let Some(forked) = forked(&quote!(part), args, &block, runtime) {
        return forked;
    }
    let Some(mut part) = part_impl(runtime, &mut block, &mut mistakes) else {
        let (block, mistakes) = (printed(&block), mistakes.into_tokens());
        return quote!(#block #mistakes);
    };
    check::actor(&mut part, &mut mistakes);
    let (import, alias) = imports(&mut part);
    let is_sound = mistakes.is_empty();
    let (block, mistakes) = (printed(&block), mistakes.into_tokens());
    let own = || part.handlers.iter().filter_map(Handler::as_method);
    let (messages, own_impls) = (own().map(method::item), own().map(method::impls));
    let inbox = inbox::expand(&part, is_sound);
    let shared = protocols::shared(&part);
    let impls = impls(&part, is_sound);
    let calls = calls::expand(&part, &parse_quote!(pub));
    let allowances = super::allowances();
    quote! {
        #block
        #import
        #(#messages)*
        #allowances
        const _: () = {
            #alias
            #(#own_impls)*
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
    let inbox = inbox_ident(part);
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
