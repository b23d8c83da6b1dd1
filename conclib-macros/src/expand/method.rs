//! Expansion of a method that is its own message: its parameters are the
//! fields.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Fields;

use super::encoding::{Encoded, of_named};
use super::generics::{Need, bounded};
use super::{message, respanned, shape};
use crate::model::{Method, Param, Reach};

/// The message type.
pub(super) fn item(method: &Method) -> TokenStream {
    let Method {
        message,
        vis,
        attrs,
        derive,
        params,
        ..
    } = method;
    let ident = &message.ident;
    let fields = params.iter().map(field);
    let marker = marker(method).map(|marker| {
        quote! {
            /// Field that uses the parameters which only the reply mentions.
            #[doc(hidden)]
            pub _marker: ::core::marker::PhantomData<fn() -> #marker>,
        }
    });
    let derive = derive.as_ref().map(|traits| quote!(#[derive(#traits)]));
    let allowances = super::allowances();
    let (impl_generics, _, where_clause) = message.generics.split_for_impl();
    // A name that is taken is reported at the method.
    let vis_struct = respanned(ident.span(), quote!(#vis struct));
    let body = quote_spanned!(ident.span()=> { #(#fields,)* #marker });
    let text = format!(" The message `{}`.", message.name.value());
    let paragraph = (!attrs.is_empty()).then(|| quote!(#[doc = ""]));
    quote! {
        #(#attrs)*
        #paragraph
        #[doc = #text]
        #derive
        #allowances
        #vis_struct #ident #impl_generics #where_clause #body
    }
}

/// Impls for the message type.
pub(super) fn impls(method: &Method) -> TokenStream {
    let Method {
        message, params, ..
    } = method;
    let shape = shape::of_fields(&named(params));
    let types: Vec<_> = params.iter().map(|param| &param.ty).collect();
    let impls = message::impls(message, &shape, &types);
    if message.reach == Reach::Local {
        return impls;
    }
    let generics = bounded(&message.generics, &message.runtime, |_| Need::Wire);
    let encoded = Encoded {
        ident: &message.ident,
        self_ty: &message.self_ty,
        generics: &generics,
    };
    let fields: Vec<_> = params
        .iter()
        .map(|param| (&param.name, &param.ty))
        .collect();
    let marker = marker_value(method);
    let (serialize, deserialize) = of_named(&encoded, &fields, marker.as_ref());
    let is_derived = |name| message::derives_trait(method.derive.as_ref(), name);
    let serialize = (!is_derived("Serialize")).then_some(serialize);
    let deserialize = (!is_derived("Deserialize")).then_some(deserialize);
    quote!(#impls #serialize #deserialize)
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
