//! `#[actor]`: above a struct what it declares, above an impl all the rest.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Error, Item, ItemImpl};

use super::generics::{Need, bounded};
use super::{calls, handlers, hooks, inbox, message};
use crate::check;
use crate::model::{ActorArgs, HandlerKind};
use crate::parse::{Mistakes, actor_args, actor_impl, impl_args};

pub(crate) fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(block)) => on_impl(args, block),
        Ok(item @ (Item::Struct(_) | Item::Enum(_))) => on_struct(args, item.into_token_stream()),
        Ok(other) => {
            let error = Error::new_spanned(&other, "an actor is a struct or an enum: `#[actor]` goes above it, and above one `impl` of it").into_compile_error();
            quote!(#error #other)
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn on_struct(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let args = actor_args(args, &mut mistakes);
    check::actor_args(&args, &mut mistakes);
    let declared = mistakes
        .ok(syn::parse2::<DeriveInput>(item.clone()))
        .filter(|input| !matches!(input.data, Data::Union(_)))
        .map(|input| declared(&args, &input));
    let mistakes = mistakes.into_tokens();
    quote!(#item #declared #mistakes)
}

fn declared(args: &ActorArgs, input: &DeriveInput) -> TokenStream {
    let ActorArgs {
        runtime,
        urn,
        mailbox,
        overflow,
    } = args;
    let ident = &input.ident;
    let generics = bounded(&input.generics, runtime, |_| Need::Local);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let urn = urn.as_ref().map(|urn| {
        quote! {
            const URN: ::core::option::Option<&'static str> = ::core::option::Option::Some(#urn);
        }
    });
    let mailbox = mailbox
        .as_ref()
        .map(|mailbox| quote!(const MAILBOX: usize = #mailbox;));
    let overflow = overflow.as_ref().map(
        |overflow| quote!(const OVERFLOW: #runtime::Overflow = #runtime::Overflow::#overflow;),
    );
    let allowances = super::allowances();
    quote! {
        #allowances
        impl #impl_generics #runtime::Declared for #ident #ty_generics #where_clause {
            #urn
            #mailbox
            #overflow
        }
    }
}

fn on_impl(args: TokenStream, mut block: ItemImpl) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = impl_args(args, &mut mistakes);
    let Some(actor) = actor_impl(runtime, &mut block, &mut mistakes) else {
        let mistakes = mistakes.into_tokens();
        return quote!(#block #mistakes);
    };
    check::actor(&actor, &mut mistakes);
    let messages = actor
        .handlers
        .iter()
        .filter_map(|handler| match &handler.kind {
            HandlerKind::Method(method) => Some(message::method(method)),
            HandlerKind::Declared(_) => None,
        });
    let inbox = inbox::expand(&actor);
    let handlers = handlers::expand(&actor);
    let hooks = hooks::expand(&actor);
    let calls = calls::expand(&actor);
    let mistakes = mistakes.into_tokens();
    quote! {
        #block
        #(#messages)*
        #inbox
        #handlers
        #hooks
        #calls
        #mistakes
    }
}
