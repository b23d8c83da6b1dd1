//! Expansion of a method that is its own message: its parameters are the
//! fields.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Fields;

use super::message::{impls, serde};
use super::shape;
use crate::model::{Method, Param};

pub(super) fn expand(method: &Method) -> TokenStream {
    let Method {
        message,
        vis,
        attrs,
        params,
        ..
    } = method;
    let runtime = &message.runtime;
    let ident = &message.ident;
    let fields: Vec<_> = params.iter().map(field).collect();
    let marker = marker(method).map(|marker| {
        let skip = (!message.local).then(|| quote!(#[serde(skip)]));
        quote! {
            /// Field that uses the parameters which only the reply mentions.
            #[doc(hidden)]
            #skip
            pub _marker: ::core::marker::PhantomData<fn() -> #marker>,
        }
    });
    let derives = serde(message, &[]);
    let shape = shape::of_fields(&named(params), runtime);
    let impls = impls(message, &shape);
    let allowances = super::allowances();
    let (impl_generics, _, where_clause) = message.generics.split_for_impl();
    let text = format!(" The message `{}`.", message.name.value());
    let paragraph = (!attrs.is_empty()).then(|| quote!(#[doc = ""]));
    quote! {
        #[doc = #text]
        #paragraph
        #(#attrs)*
        #derives
        #allowances
        #vis struct #ident #impl_generics #where_clause {
            #(#fields,)*
            #marker
        }
        #impls
    }
}

fn field(param: &Param) -> TokenStream {
    let (name, ty) = (&param.name, &param.ty);
    let text = format!(" The parameter `{name}`.");
    quote!(#[doc = #text] pub #name: #ty)
}

fn named(params: &[Param]) -> Fields {
    let fields = params.iter().map(field);
    Fields::Named(syn::parse_quote!({ #(#fields),* }))
}

/// Type parameters of a generic message that none of its fields mentions.
fn marker(method: &Method) -> Option<TokenStream> {
    let fields: Vec<_> = method
        .params
        .iter()
        .map(|param| param.ty.to_token_stream())
        .collect();
    let fields = quote!(#(#fields),*).to_string();
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

/// Value of the marker field in a literal of the message.
pub(super) fn marker_value(method: &Method) -> Option<TokenStream> {
    marker(method).map(|_| quote!(_marker: ::core::marker::PhantomData,))
}
