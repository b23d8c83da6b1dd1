//! A message: the type, with serde if it travels, and its `Message`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, Item, LitStr, Path};

use super::generics::{Need, bounded};
use super::shape;
use crate::check;
use crate::model::{Message, Method};
use crate::parse::{Mistakes, message_args};

pub(crate) fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let args = message_args(args, &mut mistakes);
    if let Some((span, _)) = args.every {
        mistakes.push(Error::new(
            span,
            "only a method of an actor comes by itself: write `#[message(every = …)]` inside an `#[actor] impl`",
        ));
    }
    let input = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) if !matches!(input.data, Data::Union(_)) => input,
        Ok(_) | Err(_) => {
            mistakes.push(Error::new_spanned(first_token(&item), wrong_item(&item)));
            let mistakes = mistakes.into_tokens();
            return quote!(#mistakes #item);
        }
    };
    for lifetime in input.generics.lifetimes() {
        mistakes.push(Error::new_spanned(
            lifetime,
            "a message owns its parts, as it outlives whoever sent it: it has no lifetimes",
        ));
    }
    let message = Message {
        runtime: args.runtime,
        ident: input.ident.clone(),
        generics: input.generics.clone(),
        name: args
            .name
            .unwrap_or_else(|| LitStr::new(&input.ident.to_string(), input.ident.span())),
        reply: args.reply.unwrap_or_else(|| syn::parse_quote!(())),
        error: args.error,
        local: args.local.is_some(),
    };
    check::message(&message, &mut mistakes);
    let derives = serde(&message, &input.attrs);
    let shape = of_data(&input, &message.runtime);
    let impls = impls(&message, &shape);
    let mistakes = mistakes.into_tokens();
    quote! {
        #derives
        #item
        #impls
        #mistakes
    }
}

fn first_token(item: &TokenStream) -> TokenStream {
    item.clone().into_iter().next().into_iter().collect()
}

fn wrong_item(item: &TokenStream) -> &'static str {
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Fn(_)) => "`#[message]` on a method belongs inside an `#[actor] impl`",
        Err(_) if syn::parse2::<syn::ImplItemFn>(item.clone()).is_ok() => {
            "`#[message]` on a method belongs inside an `#[actor] impl`: is `#[actor]` missing above this block?"
        }
        _ => "a message is a struct or an enum",
    }
}

/// The message that a method is: its parameters are the fields.
pub(super) fn method(method: &Method) -> TokenStream {
    let Method {
        message,
        vis,
        docs,
        params,
        ..
    } = method;
    let runtime = &message.runtime;
    let ident = &message.ident;
    let (names, types): (Vec<_>, Vec<_>) = params.iter().map(|(name, ty)| (name, ty)).unzip();
    let marker = marker(method);
    let marker_field = marker.as_ref().map(|marker| {
        let skip = (!message.local).then(|| quote!(#[serde(skip)]));
        quote! {
            /// Ties the type to parameters that only its reply has.
            #[doc(hidden)]
            #skip
            pub marker: ::core::marker::PhantomData<fn() -> #marker>,
        }
    });
    let derives = serde(message, &[]);
    let fields: Fields = Fields::Named(syn::parse_quote!({ #(#names: #types),* }));
    let shape = shape::of_fields(&fields, ident, runtime);
    let impls = impls(message, &shape);
    let allowances = super::allowances();
    let (impl_generics, _, _) = message.generics.split_for_impl();
    let text = format!(" The message `{}`.", message.name.value());
    let field_docs = names.iter().map(|name| format!(" The parameter `{name}`."));
    quote! {
        #[doc = #text]
        #[doc = ""]
        #(#docs)*
        #derives
        #allowances
        #vis struct #ident #impl_generics {
            #(#[doc = #field_docs] pub #names: #types,)*
            #marker_field
        }
        #impls
    }
}

/// The parameters of a generic message that none of its fields mentions.
pub(super) fn marker(method: &Method) -> Option<TokenStream> {
    let fields: String = method
        .params
        .iter()
        .map(|(_, ty)| format!(" {} ", ty.to_token_stream()))
        .collect();
    let unused: Vec<_> = method
        .message
        .generics
        .type_params()
        .map(|param| &param.ident)
        .filter(|ident| {
            !fields
                .split(|ch: char| !ch.is_alphanumeric() && ch != '_')
                .any(|word| *ident == word)
        })
        .collect();
    (!unused.is_empty()).then(|| quote!((#(#unused,)*)))
}

/// serde's two, but for those that are derived already.
fn serde(message: &Message, attrs: &[Attribute]) -> TokenStream {
    if message.local {
        return TokenStream::new();
    }
    let derived = |name: &str| {
        attrs
            .iter()
            .filter(|attr| attr.path().is_ident("derive"))
            .any(|attr| {
                let mut found = false;
                // What does not parse is derive's own to complain about.
                let _ = attr.parse_nested_meta(|meta| {
                    found |= meta
                        .path
                        .segments
                        .last()
                        .is_some_and(|last| last.ident == name);
                    Ok(())
                });
                found
            })
    };
    let runtime = &message.runtime;
    let traits: Vec<_> = ["Serialize", "Deserialize"]
        .into_iter()
        .filter(|name| !derived(name))
        .map(|name| Ident::new(name, proc_macro2::Span::call_site()))
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

/// `Message`, and `Shape` if it travels.
fn impls(message: &Message, shape: &TokenStream) -> TokenStream {
    let Message {
        runtime,
        ident,
        name,
        reply,
        error,
        local,
        ..
    } = message;
    let need = if *local { Need::Local } else { Need::Wire };
    let generics = bounded(&message.generics, runtime, |_| need);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let error_ty = match error {
        Some(error) => error.to_token_stream(),
        None => quote!(#runtime::Never),
    };
    let allowances = super::allowances();
    if *local {
        return quote! {
            #allowances
            impl #impl_generics #runtime::Message for #ident #ty_generics #where_clause {
                type Reply = #reply;
                type Error = #error_ty;
                type Road = #runtime::Local;
                const NAME: &'static str = #name;
            }
        };
    }
    let reply_shape = shape::of_type(reply, runtime);
    let error_shape = match error {
        Some(error) => shape::of_type(error, runtime),
        None => quote!(<#runtime::Never as #runtime::Shape>::SHAPE),
    };
    // The blame for what is no serde type belongs on the reply.
    let road =
        quote::quote_spanned!(syn::spanned::Spanned::span(reply)=> type Road = #runtime::Wire;);
    let (shape_impl, shape_ty, shape_where) = message.generics.split_for_impl();
    quote! {
        #allowances
        impl #impl_generics #runtime::Message for #ident #ty_generics #where_clause {
            type Reply = #reply;
            type Error = #error_ty;
            #road
            const NAME: &'static str = #name;
            const FINGERPRINT: u64 = #runtime::__private::mix(
                #runtime::__private::mix(
                    #runtime::__private::hash(#name),
                    <Self as #runtime::Shape>::SHAPE,
                ),
                #runtime::__private::mix(#reply_shape, #error_shape),
            );
        }
        #allowances
        impl #shape_impl #runtime::Shape for #ident #shape_ty #shape_where {
            const SHAPE: u64 = #shape;
        }
    }
}

/// The shape of a struct or an enum.
fn of_data(input: &DeriveInput, runtime: &Path) -> TokenStream {
    match &input.data {
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let name = variant.ident.to_string();
                let fields = shape::of_fields(&variant.fields, &input.ident, runtime);
                quote! {
                    let shape = #runtime::__private::mix(shape, #runtime::__private::hash(#name));
                    let shape = #runtime::__private::mix(shape, #fields);
                }
            });
            quote! {{
                let shape = #runtime::__private::hash("variants");
                #(#variants)*
                shape
            }}
        }
        Data::Struct(data) => shape::of_fields(&data.fields, &input.ident, runtime),
        Data::Union(_) => quote!(0),
    }
}
