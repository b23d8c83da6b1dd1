//! Inbox enum of an actor: one variant for each of its messages.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, parse_quote};

use super::generics::actor_generics;
use super::method::marker_value;
use super::names::inbox_ident;
use super::variants::{Content, Variant, variants};
use super::{blaming, checked, protocols};
use crate::model::{Actor, Handler, HandlerKind};

pub(super) fn expand(actor: &Actor, is_sound: bool) -> TokenStream {
    let name = &actor.ident;
    let inbox = inbox_ident(actor);
    let generics = actor_generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let variants = variants(actor);
    let declarations = variants.iter().map(Variant::declaration);
    let heads = variants.iter().map(Variant::head);
    let requests = variants.iter().map(Variant::request);
    let dispatch = variants.iter().filter_map(Variant::dispatch);
    let marker = marker(&actor.generics);
    let marker_variant = marker.as_ref().map(|params| {
        quote!(#[doc(hidden)] __Marker(__p::Never, ::core::marker::PhantomData<fn() -> #params>),)
    });
    let marker_arm = marker.map(|_| quote!(Self::__Marker(never, _) => match *never {},));
    // A `match` on a reference to an enum without variants needs a wildcard
    // arm.
    let this = match variants.is_empty() && marker_arm.is_none() {
        true => quote!(*self),
        false => quote!(self),
    };
    let (names, fallback) = (names(actor), fallback(actor));
    let ticks = is_sound.then(|| ticks(actor));
    let batches = batches(&variants);
    let carried = carried(actor, &variants);
    let distinct = distinct(actor);
    let text = format!(" Messages of a [`{name}`], each with the channel for its reply.");
    quote! {
        #[doc = #text]
        pub enum #inbox #impl_generics #where_clause {
            #(#declarations,)*
            #marker_variant
        }
        impl #impl_generics __p::Messages for #inbox #ty_generics #where_clause {
            #names
            #ticks
            #batches
            #[inline(always)]
            fn head(&self) -> __p::Head<'_> {
                match #this { #(#heads,)* #marker_arm }
            }
            fn request(&mut self) -> &mut dyn __p::AnyRequest {
                match #this { #(#requests,)* #marker_arm }
            }
            fn accept(
                envelope: &__p::Envelope<'_>,
                asker: __p::RemoteCaller,
            ) -> __p::Accepted<Self> {
                __p::Dispatch::new(envelope, asker) #(#dispatch)* .end()
            }
            #fallback
        }
        #carried
        #distinct
    }
}

/// Wire names, and the order of the messages.
fn names(actor: &Actor) -> TokenStream {
    let self_ty = &actor.self_ty;
    let names = actor
        .handlers
        .iter()
        .map(|handler| match handler.as_method() {
            Some(own) => own.message.name.to_token_stream(),
            None => {
                let message = checked::message(actor, handler);
                quote!(<#message as __p::Message>::NAME)
            }
        });
    let fallback = actor.fallback.iter().map(|_| quote!("#[fallback]"));
    let names = names.chain(fallback);
    let protocols = protocols::types(actor);
    let protocols = (!protocols.is_empty()).then(|| {
        quote! {
            const PROTOCOLS: &'static [&'static [&'static str]] =
                &[#(<#protocols as __p::Messages>::NAMES),*];
        }
    });
    quote! {
        const NAMES: &'static [&'static str] = &[#(#names),*];
        #protocols
        const PRIORITISED: bool = {
            use __p::Unranked as _;
            <__p::HasPriority<#self_ty>>::PRIORITISED
        };
    }
}

fn fallback(actor: &Actor) -> Option<TokenStream> {
    actor.fallback.as_ref().map(|_| {
        quote! {
            fn fallback(
                request: __p::Box<__p::RequestEnvelope>,
            ) -> __p::Result<Self, __p::Box<__p::RequestEnvelope>> {
                __p::Ok(Self::__Fallback(request))
            }
        }
    })
}

/// The actor can be in another process if each of its messages may travel.
fn carried(actor: &Actor, variants: &[Variant]) -> TokenStream {
    let inbox = inbox_ident(actor);
    let mut generics = actor_generics(actor);
    let (_, ty_generics, _) = generics.split_for_impl();
    let inbox = quote!(#inbox #ty_generics);
    generics.params.push(parse_quote!(__K));
    let clause = generics.make_where_clause();
    for bound in variants.iter().filter_map(Variant::carried) {
        clause.predicates.push(parse_quote!(#bound));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote!(impl #impl_generics __p::CarriedBy<__K> for #inbox #where_clause {})
}

/// Type parameters, for a variant that mentions all of them.
fn marker(generics: &Generics) -> Option<TokenStream> {
    let params: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    (!params.is_empty()).then(|| quote!((#(#params,)*)))
}

fn ticks(actor: &Actor) -> Option<TokenStream> {
    let specs: Vec<_> = actor
        .handlers
        .iter()
        .filter_map(|handler| {
            let own = handler.as_method()?;
            Some((handler, own, own.every?))
        })
        .map(|(handler, own, every)| {
            let variant = &handler.variant;
            let ident = &own.message.ident;
            let message = &own.message.self_ty;
            let (secs, nanos) = (every.as_secs(), every.subsec_nanos());
            let marker = marker_value(own);
            quote! {
                __p::TickSpec {
                    name: <#message as __p::Message>::NAME,
                    every: __p::Duration::new(#secs, #nanos),
                    make: || Self::#variant(__p::Request::tick(#ident { #marker })),
                }
            }
        })
        .collect();
    (!specs.is_empty())
        .then(|| quote!(const TICKS: &'static [__p::TickSpec<Self>] = &[#(#specs),*];))
}

/// Requests that are handled together, and their limits.
fn batches(variants: &[Variant]) -> Option<TokenStream> {
    let (mut limits, mut pairs, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    for variant in variants {
        let ident = &variant.ident;
        if let Content::Batch(_, _, batch) = &variant.content {
            let size = batch.size;
            let (secs, nanos) = (batch.within.as_secs(), batch.within.subsec_nanos());
            limits.push(quote! {
                Self::#ident(_) => __p::Option::Some(__p::BatchLimits {
                    size: #size,
                    within: __p::Duration::new(#secs, #nanos),
                })
            });
            pairs.push(quote!((Self::#ident(_), Self::#ident(_)) => true));
            joined.push(quote!((Self::#ident(batch), Self::#ident(next)) => batch.join(next)));
        }
    }
    (!limits.is_empty()).then(|| {
        quote! {
            const BATCHES: bool = true;
            #[allow(unreachable_patterns)]
            fn batch_limits(&self) -> __p::Option<__p::BatchLimits> {
                match self { #(#limits,)* _ => __p::Option::None }
            }
            fn fill<'a, __A: __p::Actor<Inbox = Self>>(
                ctx: &'a mut __p::Context<__A>,
                waiting: &'a mut __p::VecDeque<Self>,
            ) -> __p::Option<__p::Filling<'a>> {
                __p::fill(ctx, waiting)
            }
            #[allow(unreachable_patterns)]
            fn joins(&self, next: &Self) -> bool {
                match (self, next) { #(#pairs,)* _ => false }
            }
            #[allow(unreachable_patterns)]
            fn join(&mut self, next: Self) {
                match (self, next) { #(#joined,)* _ => {} }
            }
        }
    })
}

/// Check that no two messages have one wire name. The macro cannot see the
/// names of declared messages, so the compiler compares them.
fn distinct(actor: &Actor) -> TokenStream {
    let own = actor.handlers.iter().filter_map(Handler::as_method);
    let mut others: Vec<_> = own.map(|own| own.message.name.to_token_stream()).collect();
    let mut checks = TokenStream::new();
    for handler in &actor.handlers {
        let HandlerKind::Declared(message) = &handler.kind else {
            continue;
        };
        // Type parameters of the impl are unknown outside of it.
        if checked::mentions_any(message, &actor.generics) {
            continue;
        }
        let checked = checked::message(actor, handler);
        let name = quote!(<#checked as __p::Message>::NAME);
        let shown = message.to_token_stream().to_string().replace(' ', "");
        let text = format!(
            "`{shown}` has the wire name of another message of `{}`: give one of the two another with `#[message(name = \"…\")]`",
            actor.ident
        );
        checks.extend(quote_spanned! {blaming(message.span())=>
            const _: () = ::core::assert!(
                !__p::is_taken(#name, &[#(#others),*]),
                #text
            );
        });
        others.push(name);
    }
    checks.extend(protocols::distinct(actor, &others));
    checks
}
