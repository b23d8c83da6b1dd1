//! Expansion of a message: the type, its serde derives if it travels, and its
//! `Message` impl.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Item, LitStr, Type};

use super::generics::{Need, bounded};
use super::misplaced::{is_declaration, is_method, keyword};
use super::{blaming, respanned, shape};
use crate::check;
use crate::model::{Message, MessageArgs};
use crate::parse::{Mistakes, make_static, message_args};

pub(crate) fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let args = message_args(args, &mut mistakes);
    let input = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) if !matches!(input.data, Data::Union(_)) => input,
        _ => {
            mistakes.push(wrong_item(&item));
            let mistakes = mistakes.into_tokens();
            return quote!(#mistakes #item);
        }
    };
    if let Some((span, _)) = args.every {
        mistakes.at(
            span,
            "only a method of an actor can be a tick: write `#[message(every = …)]` inside an `#[actor] impl`",
        );
    }
    if let Some(span) = args.concurrent {
        mistakes.at(
            span,
            "a handler is marked as concurrent at its method: write `#[message(concurrent)]` on a method of an `#[actor] impl`",
        );
    }
    let mut message = of_type(args, &input, &mut mistakes);
    let derives = serde(&message, &input.attrs);
    check::message(&mut message, &mut mistakes);
    let shape = shape::of_data(&input, &message.runtime);
    let impls = impls(&message, &shape);
    let mistakes = mistakes.into_tokens();
    quote! {
        #derives
        #item
        #impls
        #mistakes
    }
}

fn of_type(args: MessageArgs, input: &DeriveInput, mistakes: &mut Mistakes) -> Message {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    let (_, ty_generics, _) = input.generics.split_for_impl();
    let mut self_ty = syn::parse_quote!(#ident #ty_generics);
    let lifetime = input.generics.lifetimes().next();
    if let Some(lifetime) = lifetime {
        mistakes.push(Error::new_spanned(
            lifetime,
            "a message owns its parts, as it outlives its sender: take `String` for `&str`, and no lifetimes",
        ));
        make_static(&mut generics, &mut self_ty);
    }
    let name = input.ident.unraw();
    Message {
        runtime: args.runtime,
        ident: input.ident.clone(),
        self_ty,
        generics,
        name: args
            .name
            .unwrap_or_else(|| LitStr::new(&name.to_string(), name.span())),
        reply: args.reply.unwrap_or_else(|| syn::parse_quote!(())),
        error: args.error,
        // A type with a lifetime cannot be decoded from a wire.
        local: args.local.is_some() || lifetime.is_some(),
        priority: args.priority,
        blame: Span::call_site(),
    }
}

fn wrong_item(item: &TokenStream) -> Error {
    let text = if is_declaration(item) {
        "`#[message]` on a method of a trait is read by `#[protocol]`: write `#[protocol]` above this trait"
    } else {
        "`#[message]` on a method is read by `#[actor]`: write `#[actor]` above this impl block, or `#[protocol]` above this trait"
    };
    if is_method(item) || is_declaration(item) {
        return Error::new(Span::call_site(), text);
    }
    match syn::parse2::<Item>(item.clone()) {
        Ok(item @ Item::Fn(_)) => Error::new_spanned(
            keyword(&item),
            "a function is no message: `#[message]` goes above a struct, an enum, or a method inside an `#[actor] impl`",
        ),
        Ok(item) => Error::new_spanned(keyword(&item), "a message is a struct or an enum"),
        Err(error) => error,
    }
}

/// Derives of `Serialize` and `Deserialize`, except those that are written
/// already.
pub(super) fn serde(message: &Message, attrs: &[Attribute]) -> TokenStream {
    if message.local {
        return TokenStream::new();
    }
    let runtime = &message.runtime;
    let traits: Vec<_> = ["Serialize", "Deserialize"]
        .into_iter()
        .filter(|name| !attrs.iter().any(|attr| derives(attr, name)))
        .map(|name| Ident::new(name, Span::call_site()))
        .collect();
    if traits.is_empty() {
        return TokenStream::new();
    }
    let path = quote!(#runtime::__private::serde)
        .to_string()
        .replace(' ', "");
    quote! {
        #[derive(#(#runtime::__private::serde::#traits),*)]
        #[serde(crate = #path)]
    }
}

fn derives(attribute: &Attribute, name: &str) -> bool {
    let mut found = false;
    if attribute.path().is_ident("derive") {
        // The derive itself reports what does not parse here.
        let _: syn::Result<()> = attribute.parse_nested_meta(|meta| {
            let last = meta.path.segments.last();
            found |= last.is_some_and(|last| last.ident == name);
            Ok(())
        });
    }
    found
}

/// Impl of `Message`, and of `Shape` if the message travels.
pub(super) fn impls(message: &Message, shape: &TokenStream) -> TokenStream {
    let Message {
        runtime,
        self_ty,
        name,
        reply,
        error,
        local,
        priority,
        blame,
        ..
    } = message;
    let need = if *local { Need::Local } else { Need::Wire };
    let generics = bounded(&message.generics, runtime, |_| need);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let error_ty: Type = match error {
        Some(error) => error.clone(),
        None => syn::parse_quote!(#runtime::Never),
    };
    let reach = if *local {
        quote!(type Reach = #runtime::Local;)
    } else {
        quote!(type Reach = #runtime::Wire;)
    };
    // A type that is not serde, or more private than the message, is the reply:
    // the error belongs there.
    let reach = respanned(*blame, reach);
    let reply_ty = quote_spanned!(blaming(*blame)=> type Reply = #reply;);
    let span = error.as_ref().map_or(*blame, Spanned::span);
    let error_is = quote_spanned!(blaming(span)=> type Error = #error_ty;);
    let fingerprint = (!local).then(|| {
        let full = quote!(#runtime::__private::Full);
        let reply = shape::of_type(reply, &full, runtime);
        let error = shape::of_type(&error_ty, &full, runtime);
        quote! {
            const FINGERPRINT: u64 = {
                use #runtime::__private::Fallback as _;
                #runtime::__private::fingerprint(
                    #name,
                    <Self as #runtime::Shape>::SHAPE,
                    #reply,
                    #error,
                )
            };
        }
    });
    let priority = priority.map(|priority| quote!(const PRIORITY: u8 = #priority;));
    let shape = (!local).then(|| shape::impls(message, shape));
    let allowances = super::allowances();
    quote! {
        #allowances
        impl #impl_generics #runtime::Message for #self_ty #where_clause {
            #reply_ty
            #error_is
            #reach
            const NAME: &'static str = #name;
            #priority
            #fingerprint
        }
        #shape
    }
}
