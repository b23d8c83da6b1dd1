//! Expansion of `#[field]`: a protocol whose messages read and set the fields
//! of one actor.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

use super::{blaming, protocols, respanned};
use crate::model::Field;

/// Expands to the protocol also if all of its messages were reported as
/// mistakes: the impl names the protocol all the same.
pub(super) fn expand(runtime: &Path, input: &DeriveInput, fields: &[Field]) -> TokenStream {
    let (actor, vis) = (&input.ident, &input.vis);
    let protocol = format_ident!("{}Fields", actor.unraw(), span = actor.span());
    let mut declarations = Vec::new();
    let mut methods = Vec::new();
    for Field {
        name,
        ty,
        docs,
        get,
        set,
        ..
    } in fields
    {
        if *get {
            let doc = docs
                .is_empty()
                .then(|| doc(format!(" The field `{}`.", name.unraw())));
            let signature = quote!(fn #name(&self) -> #ty);
            let clone =
                quote_spanned!(blaming(ty.span())=> ::core::clone::Clone::clone(&self.#name));
            declarations.push(quote!(#doc #(#docs)* #[message] #signature;));
            methods.push(quote!(#signature { #clone }));
        }
        if let Some(setter) = set {
            let doc = doc(format!(" Sets the field `{}`.", name.unraw()));
            let signature = quote!(fn #setter(&mut self, #name: #ty));
            declarations.push(quote!(#doc #[message] #signature;));
            methods.push(quote!(#signature { self.#name = #name; }));
        }
    }
    let text = format!(" The fields of [`{actor}`] that can be read or set by messages.");
    let allowances = super::allowances();
    let named = fields
        .first()
        .map(|first| named(runtime, actor, &protocol, first.at));
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[doc = #text]
        #allowances
        #[#runtime::protocol(crate = #runtime)]
        #vis trait #protocol { #(#declarations)* }
        #allowances
        impl #impl_generics #protocol for #actor #ty_generics #where_clause { #(#methods)* }
        #named
    }
}

fn doc(text: String) -> TokenStream {
    quote!(#[doc = #text])
}

/// Check, reported at the fields, that the impl of the actor names their
/// protocol.
fn named(runtime: &Path, actor: &Ident, protocol: &Ident, at: Span) -> TokenStream {
    let inbox = protocols::inbox_name(protocol);
    let named = respanned(at, quote!(named::<#actor>));
    quote! {
        const _: () = {
            const fn named<A: #protocol + #runtime::__private::HasFields<A::#inbox>>() {}
            #named();
        };
    }
}
