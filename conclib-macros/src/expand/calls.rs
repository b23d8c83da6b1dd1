//! The methods of a reference: a trait, so that a test can have a fake.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Visibility;

use super::inbox::generics;
use super::method::marker_value;
use super::protocols;
use crate::model::{Actor, Handler, Method};

pub(super) fn expand(actor: &Actor, vis: &Visibility) -> TokenStream {
    let methods: Vec<_> = actor
        .handlers
        .iter()
        .filter_map(|handler| Some((handler, handler.as_method()?)))
        .collect();
    if methods.is_empty() {
        return TokenStream::new();
    }
    let Actor { ident, .. } = actor;
    let (generics, target) = if actor.is_protocol {
        protocols::whoever(actor)
    } else {
        (generics(actor), actor.self_ty.clone())
    };
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let runtime = &actor.runtime;
    let reference = quote!(#runtime::ActorRef<#target>);
    let handles = actor.is_protocol.then(|| protocols::handles(actor));
    let calls = format_ident!("{ident}Calls");
    let signatures: Vec<_> = methods
        .iter()
        .map(|(handler, own)| signature(actor, &reference, handler, own))
        .collect();
    let attrs = methods.iter().map(|(_, own)| attrs(own));
    let bodies = methods.iter().map(|(_, own)| body(own));
    let allowances = super::allowances();
    let text = format!(
        " The messages of [`{ident}`] as methods of a reference to it. Nothing is sent before the call is awaited or told."
    );
    quote! {
        #[doc = #text]
        #allowances
        #vis trait #calls #impl_generics #where_clause {
            #(#attrs #signatures;)*
        }
        #allowances
        impl #impl_generics #calls #ty_generics for #reference #where_clause #handles {
            #(#signatures { #bodies })*
        }
    }
}

fn signature(
    actor: &Actor,
    reference: &TokenStream,
    handler: &Handler,
    own: &Method,
) -> TokenStream {
    let runtime = &actor.runtime;
    let method = &handler.method;
    let message = &own.message.self_ty;
    let params = own.params.iter().map(|param| {
        let (name, ty) = (&param.name, &param.ty);
        quote!(#name: #ty)
    });
    let unknown = (0..own.unsound).map(|_| quote!(_: impl ::core::marker::Sized));
    quote! {
        fn #method(&self, #(#params,)* #(#unknown,)*) -> #runtime::Call<&#reference, #message>
    }
}

/// What the method says of itself; else what the call is.
fn attrs(own: &Method) -> TokenStream {
    let attrs = &own.attrs;
    let is_documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    let doc = (!is_documented).then(|| {
        let text = format!(" A call of the message `{}`.", own.message.name.value());
        quote!(#[doc = #text])
    });
    quote!(#doc #(#attrs)*)
}

fn body(own: &Method) -> TokenStream {
    let ident = &own.message.ident;
    let names = own.params.iter().map(|param| &param.name);
    let marker = marker_value(own);
    quote!(self.ask(#ident { #(#names,)* #marker }))
}
