//! Variants of an inbox: the messages of handlers, the request for a message
//! that is not declared, the inboxes of protocols and parts.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use super::{checked, protocols};
use crate::model::{Actor, Batch};

pub(super) struct Variant {
    pub(super) ident: Ident,
    /// Type of the content.
    ty: TokenStream,
    doc: Option<String>,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Request of a message of its own, which has that index.
    Request(Box<Type>, usize),
    /// Requests of a message that are handled together.
    Batch(Box<Type>, usize, Batch),
    /// Request for a message that is not declared.
    Fallback(usize),
    /// Inbox whose messages follow those of the types before it.
    Nested(Box<Type>, TokenStream),
}

pub(super) fn variants(actor: &Actor) -> Vec<Variant> {
    let handlers = actor.handlers.iter().enumerate().map(|(at, handler)| {
        let message = checked::message(actor, handler);
        let ty = match handler.batch {
            Some(_) => quote!(__p::Batch<#message>),
            None => quote!(__p::Request<#message>),
        };
        let message = Box::new(message);
        Variant {
            ident: handler.variant.clone(),
            ty,
            doc: Some(format!(" For `{}`.", handler.method)),
            content: match handler.batch {
                Some(limits) => Content::Batch(message, at, limits),
                None => Content::Request(message, at),
            },
        }
    });
    let fallback = actor.fallback.as_ref().map(|_| Variant {
        ident: format_ident!("__Fallback"),
        ty: quote!(__p::Box<__p::RequestEnvelope>),
        doc: Some(" Request for a message that is not declared.".to_owned()),
        content: Content::Fallback(actor.handlers.len()),
    });
    let nested = protocols::variants(actor).into_iter();
    let nested = nested.zip(
        protocols::types(actor)
            .into_iter()
            .zip(protocols::offsets(actor)),
    );
    let nested = nested.map(|(ident, (ty, offset))| Variant {
        ident,
        ty: quote!(#ty),
        doc: None,
        content: Content::Nested(Box::new(ty), offset),
    });
    handlers.chain(fallback).chain(nested).collect()
}

impl Variant {
    pub(super) fn declaration(&self) -> TokenStream {
        let Self { ident, ty, doc, .. } = self;
        let doc = match doc {
            Some(doc) => quote!(#[doc = #doc]),
            None => quote!(#[doc(hidden)]),
        };
        quote!(#doc #ident(#ty))
    }

    /// Arm that reads the data which the loop needs before the turn.
    pub(super) fn head(&self) -> TokenStream {
        let ident = &self.ident;
        match &self.content {
            Content::Request(_, index) => {
                let index = Literal::usize_unsuffixed(*index);
                quote!(Self::#ident(request) => __p::Head::of(#index, request))
            }
            Content::Batch(_, index, _) => {
                let index = Literal::usize_unsuffixed(*index);
                quote!(Self::#ident(batch) => __p::Head::of(#index, batch.first()))
            }
            Content::Fallback(index) => {
                let index = Literal::usize_unsuffixed(*index);
                quote!(Self::#ident(request) => __p::Head::undeclared(#index, request))
            }
            Content::Nested(_, offset) => {
                quote!(Self::#ident(inbox) => __p::Messages::head(inbox).nested(#offset))
            }
        }
    }

    /// Arm that returns the request.
    pub(super) fn request(&self) -> TokenStream {
        let ident = &self.ident;
        match &self.content {
            Content::Request(..) => quote!(Self::#ident(request) => request),
            Content::Batch(..) => quote!(Self::#ident(batch) => batch.request()),
            Content::Fallback(_) => quote!(Self::#ident(request) => &mut **request),
            Content::Nested(..) => quote!(Self::#ident(inbox) => __p::Messages::request(inbox)),
        }
    }

    /// Step of the choice of the variant for a request that came over a wire.
    pub(super) fn dispatch(&self) -> Option<TokenStream> {
        let ident = &self.ident;
        match &self.content {
            Content::Request(..) => Some(quote!(.to(Self::#ident))),
            Content::Batch(..) => {
                Some(quote!(.to(|request| Self::#ident(__p::Batch::new(request)))))
            }
            Content::Fallback(_) => None,
            Content::Nested(ty, _) => Some(quote! {
                .nested(<#ty as __p::Messages>::accept, Self::#ident)
            }),
        }
    }

    /// Step of a search for recipients.
    pub(super) fn offer(&self, seek: &Ident) -> Option<TokenStream> {
        match &self.content {
            Content::Request(message, _) | Content::Batch(message, ..) => {
                Some(quote!(#seek.offer::<#message>();))
            }
            Content::Fallback(_) => None,
            Content::Nested(ty, _) => Some(quote!(<#ty as __p::ProtocolInbox>::offer(#seek);)),
        }
    }

    /// Bound that holds if the content can be carried by `__K`.
    pub(super) fn carried(&self) -> Option<TokenStream> {
        match &self.content {
            Content::Request(message, _) | Content::Batch(message, ..) => {
                Some(quote!(__K: __p::Carries<#message>))
            }
            Content::Fallback(_) => None,
            Content::Nested(ty, _) => Some(quote!(#ty: __p::CarriedBy<__K>)),
        }
    }
}
