//! The methods of a reference: a trait, so that a test can have a fake.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::inbox::generics;
use super::message::marker;
use crate::model::{Actor, HandlerKind, Method};

pub(super) fn expand(actor: &Actor) -> TokenStream {
    let methods: Vec<_> = actor
        .handlers
        .iter()
        .filter_map(|handler| match &handler.kind {
            HandlerKind::Method(own) => Some((handler, own)),
            HandlerKind::Declared(_) => None,
        })
        .collect();
    if methods.is_empty() {
        return TokenStream::new();
    }
    let Actor {
        runtime,
        ident,
        self_ty,
        ..
    } = actor;
    let generics = generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let calls = format_ident!("{ident}Calls");
    let signatures: Vec<_> = methods
        .iter()
        .map(|(handler, own)| {
            let method = &handler.method;
            let message = own.message.self_ty();
            let params = own.params.iter().map(|(name, ty)| quote!(#name: #ty));
            quote! {
                fn #method(&self, #(#params),*) -> #runtime::Call<&#runtime::ActorRef<#self_ty>, #message>
            }
        })
        .collect();
    let docs = methods.iter().map(|(_, own)| docs(own));
    let bodies = methods.iter().map(|(_, own)| body(own));
    let allowances = super::allowances();
    let text = format!(
        " The messages of [`{ident}`] as methods of a reference to it. Nothing is sent before the call is awaited or told."
    );
    quote! {
        #[doc = #text]
        #allowances
        pub trait #calls #impl_generics #where_clause {
            #(#docs #signatures;)*
        }
        #allowances
        impl #impl_generics #calls #ty_generics for #runtime::ActorRef<#self_ty> #where_clause {
            #(#signatures { #bodies })*
        }
    }
}

/// What the method says of itself; else what the call is.
fn docs(own: &Method) -> TokenStream {
    let docs = &own.docs;
    if docs.is_empty() {
        let text = format!(" A call of the message `{}`.", own.message.name.value());
        return quote!(#[doc = #text]);
    }
    quote!(#(#docs)*)
}

fn body(own: &Method) -> TokenStream {
    let ident = &own.message.ident;
    let names = own.params.iter().map(|(name, _)| name);
    let marker = marker(own).map(|_| quote!(marker: ::core::marker::PhantomData));
    quote!(self.ask(#ident { #(#names,)* #marker }))
}
