//! Inbox enum of an actor: one variant for each of its messages.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Type, parse_quote};

use super::generics::actor_generics;
use super::method::marker_value;
use super::names::inbox_ident;
use super::{blaming, checked, protocols};
use crate::model::{Actor, Handler, HandlerKind};

pub(super) fn expand(actor: &Actor, is_sound: bool) -> TokenStream {
    let Actor {
        runtime,
        ident: name,
        self_ty,
        ..
    } = actor;
    let inbox = inbox_ident(actor);
    let generics = actor_generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let variants: Vec<_> = actor
        .handlers
        .iter()
        .map(|handler| &handler.variant)
        .collect();
    let messages: Vec<_> = actor
        .handlers
        .iter()
        .map(|handler| checked::message(actor, handler))
        .collect();
    let fallback = actor.fallback.as_ref();
    let fallback_variant = fallback.map(|_| {
        quote! {
            /// Request for a message that is not declared.
            __Fallback(::std::boxed::Box<#runtime::wire::RequestEnvelope>),
        }
    });
    let marker = marker(&actor.generics);
    let marker_variant = marker.as_ref().map(|params| {
        quote!(#[doc(hidden)] __Marker(#runtime::Never, ::core::marker::PhantomData<fn() -> #params>),)
    });
    let marker_arm = marker
        .as_ref()
        .map(|_| quote!(Self::__Marker(never, _) => match *never {},));
    let marker_arm_owned = marker.map(|_| quote!(Self::__Marker(never, _) => match never {},));
    let index = (0..variants.len()).map(proc_macro2::Literal::usize_unsuffixed);
    let last = proc_macro2::Literal::usize_unsuffixed(variants.len());
    let fallback_name = fallback.map(|_| quote!("#[fallback]"));
    let fallback_head = fallback.map(
        |_| quote!(Self::__Fallback(request) => #runtime::__private::Head::undeclared(#last, request),),
    );
    let fallback_refuse =
        fallback.map(|_| quote!(Self::__Fallback(request) => request.refuse(failure),));
    let fallback_queued = fallback.map(|_| quote!(Self::__Fallback(request) => request.queued(),));
    let fallback_fn = fallback.map(|_| {
        quote! {
            fn fallback(
                request: ::std::boxed::Box<#runtime::wire::RequestEnvelope>,
            ) -> ::core::result::Result<Self, ::std::boxed::Box<#runtime::wire::RequestEnvelope>> {
                ::core::result::Result::Ok(Self::__Fallback(request))
            }
        }
    });
    let variant_docs = actor
        .handlers
        .iter()
        .map(|handler| format!(" For `{}`.", handler.method));
    let ticks = is_sound.then(|| ticks(actor));
    let protocols = protocols::types(actor);
    let protocol_variants = protocols::variants(actor);
    let protocol_names = (!protocols.is_empty()).then(|| {
        quote! {
            const PROTOCOLS: &'static [&'static [&'static str]] =
                &[#(<#protocols as #runtime::Messages>::NAMES),*];
        }
    });
    let offsets = protocols::offsets(actor);
    let all_wire = all_wire(actor, &messages, &protocols);
    let distinct = distinct(actor);
    // A `match` on a reference to an enum without variants needs a wildcard
    // arm.
    let is_empty = variants.is_empty() && protocols.is_empty();
    let this = if is_empty && fallback.is_none() && marker_arm.is_none() {
        quote!(*self)
    } else {
        quote!(self)
    };
    let text = format!(" Messages of a [`{name}`], each with the channel for its reply.");
    quote! {
        #[doc = #text]
        pub enum #inbox #impl_generics #where_clause {
            #(#[doc = #variant_docs] #variants(#runtime::Request<#messages>),)*
            #fallback_variant
            #(#[doc(hidden)] #protocol_variants(#protocols),)*
            #marker_variant
        }
        impl #impl_generics #runtime::Messages for #inbox #ty_generics #where_clause {
            const NAMES: &'static [&'static str] =
                &[#(<#messages as #runtime::Message>::NAME,)* #fallback_name];
            #protocol_names
            #ticks
            const PRIORITISED: bool = {
                use #runtime::__private::Unranked as _;
                <#runtime::__private::HasPriority<#self_ty>>::PRIORITISED
            };
            #[inline(always)]
            fn head(&self) -> #runtime::__private::Head<'_> {
                match #this {
                    #(Self::#variants(request) => #runtime::__private::Head::of(#index, request),)*
                    #fallback_head
                    #(Self::#protocol_variants(inbox) => #runtime::Messages::head(inbox).nested(#offsets),)*
                    #marker_arm
                }
            }
            fn refuse(self, failure: #runtime::__private::Failure) {
                match self {
                    #(Self::#variants(request) => request.refuse(failure),)*
                    #fallback_refuse
                    #(Self::#protocol_variants(inbox) => #runtime::Messages::refuse(inbox, failure),)*
                    #marker_arm_owned
                }
            }
            fn queued(&mut self) -> ::core::option::Option<#runtime::__private::Queued> {
                match #this {
                    #(Self::#variants(request) => request.queued(),)*
                    #fallback_queued
                    #(Self::#protocol_variants(inbox) => #runtime::Messages::queued(inbox),)*
                    #marker_arm
                }
            }
            fn accept(
                envelope: &#runtime::wire::Envelope<'_>,
                asker: #runtime::__private::RemoteCaller,
            ) -> #runtime::__private::Accepted<Self> {
                #(
                    if #runtime::__private::is_wire::<#messages>(envelope.message) {
                        return #runtime::__private::Accepted::of(
                            #runtime::__private::accept(envelope, asker),
                            Self::#variants,
                        );
                    }
                )*
                #(
                    let asker = match <#protocols as #runtime::Messages>::accept(envelope, asker) {
                        #runtime::__private::Accepted::Undeclared(asker) => asker,
                        accepted => return accepted.nested(Self::#protocol_variants),
                    };
                )*
                #runtime::__private::Accepted::Undeclared(asker)
            }
            #fallback_fn
        }
        #all_wire
        #distinct
    }
}

/// The actor can be in another process if each of its messages can travel.
fn all_wire(actor: &Actor, messages: &[Type], protocols: &[Type]) -> TokenStream {
    let runtime = &actor.runtime;
    let inbox = inbox_ident(actor);
    let mut generics = actor_generics(actor);
    let (_, ty_generics, _) = generics.split_for_impl();
    let inbox = quote!(#inbox #ty_generics);
    let clause = generics.make_where_clause();
    for message in messages {
        clause.predicates.push(parse_quote!(
            for<'__b> #runtime::__private::AllWire<'__b>: #runtime::__private::IsWire<#message>
        ));
    }
    for protocol in protocols {
        clause.predicates.push(parse_quote!(
            for<'__b> #runtime::__private::AllWire<'__b>:
                #runtime::__private::AllWireInbox<#protocol>
        ));
    }
    generics.params.insert(0, parse_quote!('__a));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        impl #impl_generics #runtime::__private::AllWireInbox<#inbox>
            for #runtime::__private::AllWire<'__a> #where_clause {}
    }
}

/// Type parameters, for a variant that mentions all of them.
fn marker(generics: &Generics) -> Option<TokenStream> {
    let params: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    (!params.is_empty()).then(|| quote!((#(#params,)*)))
}

fn ticks(actor: &Actor) -> Option<TokenStream> {
    let runtime = &actor.runtime;
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
                #runtime::TickSpec {
                    name: <#message as #runtime::Message>::NAME,
                    every: ::core::time::Duration::new(#secs, #nanos),
                    make: || Self::#variant(#runtime::Request::tick(#ident { #marker })),
                }
            }
        })
        .collect();
    (!specs.is_empty())
        .then(|| quote!(const TICKS: &'static [#runtime::TickSpec<Self>] = &[#(#specs),*];))
}

/// Check that no two messages have one wire name. The macro cannot see the
/// names of declared messages, so the compiler compares them.
fn distinct(actor: &Actor) -> TokenStream {
    let runtime = &actor.runtime;
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
        let name = quote!(<#checked as #runtime::Message>::NAME);
        let shown = message.to_token_stream().to_string().replace(' ', "");
        let text = format!(
            "`{shown}` has the wire name of another message of `{}`: give one of the two another with `#[message(name = \"…\")]`",
            actor.ident
        );
        checks.extend(quote_spanned! {blaming(message.span())=>
            const _: () = ::core::assert!(
                !#runtime::__private::is_taken(#name, &[#(#others),*]),
                #text
            );
        });
        others.push(name);
    }
    checks.extend(protocols::distinct(actor, &others));
    checks
}
