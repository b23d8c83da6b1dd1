//! Expansion of a message: its impls of `Message` and `Shape`, and its serde
//! code.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Generics, Item, LitStr, Type};

use super::encoding::{Encoded, of_data};
use super::generics::{Need, bounded};
use super::misplaced::{is_declaration, is_method, keyword};
use super::{blaming, outcome, respanned, shape, shared};
use crate::check;
use crate::model::{Message, MessageArgs, Reach};
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
    if let Some(size) = &args.batch {
        mistakes.at(
            size.span(),
            "a batch belongs to its handler: write `#[message(batch = …)]` on a method of an `#[actor] impl`",
        );
    }
    let mut message = of_type(args, &input, &mut mistakes);
    check::message(&mut message, &mut mistakes);
    let (derives, encoding) = serde(&message, &input);
    let shape = shape::of_data(&input);
    let impls = impls(&message, &shape, &held(&input));
    let allowances = super::allowances();
    let alias = super::alias(&message.runtime);
    let mistakes = mistakes.into_tokens();
    quote! {
        #derives
        #item
        #allowances
        const _: () = {
            #alias
            #impls
            #encoding
        };
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
        reach: match (args.local.is_some(), args.wire.is_some()) {
            // A type with a lifetime cannot be decoded from a wire.
            (true, _) => Reach::Local,
            _ if lifetime.is_some() => Reach::Local,
            (false, true) => Reach::Wire,
            (false, false) => Reach::ByParts,
        },
        priority: args.priority,
        hides: false,
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

/// Serde derives of a declared type, and serde code in their place. What is
/// derived by the user is left out.
fn serde(message: &Message, input: &DeriveInput) -> (TokenStream, TokenStream) {
    let nothing = (TokenStream::new(), TokenStream::new());
    if message.reach == Reach::Local {
        return nothing;
    }
    let runtime = &message.runtime;
    let is_derived = |name: &str| input.attrs.iter().any(|attr| derives(attr, name));
    let missing: Vec<_> = ["Serialize", "Deserialize"]
        .into_iter()
        .filter(|name| !is_derived(name))
        .collect();
    if missing.is_empty() {
        return nothing;
    }
    let generics = bounded(&message.generics, runtime, |_| Need::Wire);
    let encoded = Encoded {
        ident: &message.ident,
        self_ty: &message.self_ty,
        generics: &generics,
    };
    if let Some((serialize, deserialize)) = of_data(&encoded, input) {
        let serialize = missing.contains(&"Serialize").then_some(serialize);
        let deserialize = missing.contains(&"Deserialize").then_some(deserialize);
        return (TokenStream::new(), quote!(#serialize #deserialize));
    }
    let traits = missing
        .iter()
        .map(|name| Ident::new(name, Span::call_site()));
    let path = quote!(#runtime::__private::serde)
        .to_string()
        .replace(' ', "");
    let derives = quote! {
        #[derive(#(#runtime::__private::serde::#traits),*)]
        #[serde(crate = #path)]
    };
    (derives, TokenStream::new())
}

/// Tests if the traits between the parentheses of a `derive(…)` have one of that
/// name.
pub(super) fn derives_trait(traits: Option<&TokenStream>, name: &str) -> bool {
    traits.is_some_and(|traits| {
        let attribute: Attribute = syn::parse_quote!(#[derive(#traits)]);
        derives(&attribute, name)
    })
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

/// Types of the fields of a declared type. Serde itself checks those of a type
/// whose serde code it derives.
fn held(input: &DeriveInput) -> Vec<&Type> {
    let fields: Vec<_> = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|one| &one.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let is_derived = ["Serialize", "Deserialize"]
        .iter()
        .all(|name| input.attrs.iter().any(|attr| derives(attr, name)));
    if is_derived || !super::encoding::is_plain(input) {
        return Vec::new();
    }
    fields.into_iter().map(|field| &field.ty).collect()
}

/// Impls of `Message`, and of `Shape` and `WireParts` if the message may travel.
pub(super) fn impls(message: &Message, shape: &TokenStream, held: &[&Type]) -> TokenStream {
    let Message {
        runtime,
        self_ty,
        name,
        reply,
        error,
        reach,
        priority,
        blame,
        ..
    } = message;
    let is_local = *reach == Reach::Local;
    let need = if is_local { Need::Local } else { Need::Wire };
    let generics = bounded(&message.generics, runtime, |_| need);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let error_ty: Type = match error {
        Some(error) => error.clone(),
        None => syn::parse_quote!(__p::Never),
    };
    // A type that is not serde, or more private than the message, is the reply:
    // the error belongs there.
    let reach_ty = respanned(
        *blame,
        match reach {
            Reach::ByParts => quote!(
                type Reach = __p::ByParts;
            ),
            Reach::Wire => quote!(
                type Reach = __p::Wire;
            ),
            Reach::Local => quote!(
                type Reach = __p::Local;
            ),
        },
    );
    let outcome = outcome::of_private(message, &generics);
    let at = blaming(*blame);
    let error_at = blaming(error.as_ref().map_or(*blame, Spanned::span));
    let (reply_ty, error_is) = match outcome {
        None => (
            quote_spanned!(at=> type Reply = #reply;),
            quote_spanned!(error_at=> type Error = #error_ty;),
        ),
        Some(_) => (
            quote_spanned!(at=> type Reply = <Self as __p::Outcome>::Reply;),
            quote_spanned!(error_at=> type Error = <Self as __p::Outcome>::Error;),
        ),
    };
    let fingerprint = (!is_local).then(|| {
        let reply = shape::of_answer(Some(reply));
        let error = shape::of_answer(error.as_ref());
        quote! {
            const FINGERPRINT: u64 = {
                use __p::Fallback as _;
                __p::fingerprint::<Self>(#reply, #error)
            };
        }
    });
    let encoding = (*reach == Reach::ByParts).then(|| {
        quote! {
            const WIRE: __p::Option<__p::WireFunctions<Self>> = {
                use __p::NoEncoding as _;
                <__p::Encoding<Self>>::WIRE
            };
        }
    });
    let priority = priority.map(|priority| quote!(const PRIORITY: u8 = #priority;));
    let shape = (!is_local).then(|| shape::impls(message, shape));
    let parts = match reach {
        Reach::ByParts => parts(message, &generics, held),
        Reach::Wire => promised(&generics, held),
        Reach::Local => TokenStream::new(),
    };
    quote! {
        #outcome
        impl #impl_generics __p::Message for #self_ty #where_clause {
            #reply_ty
            #error_is
            #reach_ty
            const NAME: &'static str = #name;
            #priority
            #fingerprint
            #encoding
        }
        #shape
        #parts
    }
}

/// Impl that holds if all parts of the message can travel. Each bound is
/// reported at its type.
fn parts(message: &Message, generics: &Generics, held: &[&Type]) -> TokenStream {
    let self_ty = &message.self_ty;
    let mut seen = HashSet::new();
    let fields = held.iter().filter_map(|ty| {
        let is_new = seen.insert(ty.to_token_stream().to_string());
        let bound = shared::bound(ty);
        is_new.then(|| quote_spanned!(blaming(ty.span())=> __p::Holds<#self_ty, #bound>))
    });
    let fields: Vec<_> = fields.collect();
    let answers = [Some(&message.reply), message.error.as_ref()];
    let answers = answers.into_iter().flatten().filter(|ty| !is_unit(ty));
    let answers = answers.map(|ty| {
        let bound = shared::bound(ty);
        quote_spanned!(blaming(ty.span())=> __p::Answers<#self_ty, #bound>)
    });
    let bounds: Vec<_> = fields.into_iter().chain(answers).collect();
    let mut generics = generics.clone();
    generics.params.push(syn::parse_quote!(__K));
    let clause = generics.make_where_clause();
    if !bounds.is_empty() {
        clause.predicates.push(syn::parse_quote!(__K: #(#bounds)+*));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote!(impl #impl_generics __p::WireParts<__K> for #self_ty #where_clause {})
}

/// Checks of the fields of a message that is promised to travel.
fn promised(generics: &Generics, held: &[&Type]) -> TokenStream {
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let checks = held
        .iter()
        .map(|ty| quote_spanned!(blaming(ty.span())=> __p::is_wire_part::<#ty>();));
    quote!(const _: () = { fn promised #impl_generics() #where_clause { #(#checks)* } };)
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}
