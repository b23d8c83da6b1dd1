//! Methods of a reference, one for each message. They are in a trait, so that a
//! test can implement it for a fake.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Visibility};

use super::answer_doc::answer_doc;
use super::call_target::{CallTarget, call_target};
use super::method::marker_value;
use super::parts;
use crate::model::{Actor, Handler, Method};

pub(super) fn expand(actor: &Actor, vis: &Visibility) -> TokenStream {
    let methods: Vec<_> = actor
        .handlers
        .iter()
        .filter_map(|handler| Some((handler, handler.as_method()?)))
        .collect();
    if methods.is_empty() && actor.parts.is_empty() {
        return TokenStream::new();
    }
    let ident = &actor.ident;
    let CallTarget {
        generics,
        target,
        to,
        call,
        asker,
        handles,
    } = call_target(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let calls = format_ident!("{ident}Calls");
    let signatures: Vec<_> = methods
        .iter()
        .map(|(handler, own)| signature(actor, &to, handler, own))
        .collect();
    let attrs = methods.iter().map(|(handler, own)| {
        let attrs = said(&own.attrs, || {
            format!(" A call of the message `{}`.", own.message.name.value())
        });
        let answer = answer_doc(handler, own).map(|line| quote!(#[doc = ""] #[doc = #line]));
        quote!(#attrs #answer)
    });
    let bodies = methods.iter().map(|(_, own)| body(&call, &asker, own));
    let parts: Vec<_> = actor
        .parts
        .iter()
        .map(|to| parts::signature(actor, to))
        .collect();
    let part_attrs = actor.parts.iter().map(|to| {
        said(&to.attrs, || {
            format!(" The messages of its part `{}`.", to.method)
        })
    });
    let part_ref = parts::part_ref(actor);
    let allowances = super::allowances();
    let text = format!(
        " The messages of [`{ident}`] as methods of a reference to it, or of a pool. Nothing is sent before the call is awaited or told."
    );
    quote! {
        #[doc = #text]
        #allowances
        #vis trait #calls #generics #where_clause {
            #(#attrs #signatures;)*
            #(#part_attrs #parts;)*
        }
        #allowances
        impl #impl_generics #calls #ty_generics for #target #where_clause #handles {
            #(#signatures { #bodies })*
            #(#parts { #part_ref })*
        }
    }
}

fn signature(actor: &Actor, to: &TokenStream, handler: &Handler, own: &Method) -> TokenStream {
    let runtime = &actor.runtime;
    let method = &handler.method;
    let message = &own.message.self_ty;
    let params = own.params.iter().map(|param| {
        let (name, ty) = (&param.name, &param.ty);
        quote!(#name: #ty)
    });
    let unknown = (0..own.unsound).map(|_| quote!(_: impl ::core::marker::Sized));
    quote! {
        fn #method(&self, #(#params,)* #(#unknown,)*) -> #runtime::Call<#to, #message>
    }
}

/// Doc comment of the method, or the given text if it has none.
fn said(attrs: &[Attribute], otherwise: impl FnOnce() -> String) -> TokenStream {
    let is_documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    let doc = (!is_documented).then(|| {
        let text = otherwise();
        quote!(#[doc = #text])
    });
    quote!(#doc #(#attrs)*)
}

fn body(call: &TokenStream, asker: &TokenStream, own: &Method) -> TokenStream {
    let ident = &own.message.ident;
    let names = own.params.iter().map(|param| &param.name);
    let marker = marker_value(own);
    quote!(#call(#asker, #ident { #(#names,)* #marker }))
}
