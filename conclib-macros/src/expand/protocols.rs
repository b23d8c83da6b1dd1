//! The protocols of an actor: what is generated where an actor names one.
//!
//! Tokens cannot tell what a protocol has. But its trait has a hidden
//! supertrait, whose one associated type is the inbox of the protocol; through
//! a bound it is reached wherever the trait itself is.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Path, Type, parse_quote};

use super::inbox::{generics, ident};
use super::proven::part_alias;
use super::{blaming, local, part, respanned};
use crate::model::{Actor, Handler};

/// The name that a protocol has its inbox under.
pub(super) fn inbox_name(protocol: &Ident) -> Ident {
    format_ident!(
        "__{}Inbox",
        protocol.unraw(),
        span = blaming(protocol.span())
    )
}

/// Names for the inboxes of the protocols. The parameter is named for whoever
/// reads that it lacks the type: that is all that the compiler says then.
pub(super) fn aliases(actor: &Actor) -> TokenStream {
    if actor.protocols.is_empty() {
        return TokenStream::new();
    }
    let aliases = actor.protocols.iter().enumerate().map(|(at, path)| {
        let alias = alias(at);
        let inbox = path.segments.last().map(|last| inbox_name(&last.ident));
        quote_spanned! {blaming(path.span())=>
            type #alias<__WriteProtocolAboveThisTrait: #path> =
                __WriteProtocolAboveThisTrait::#inbox;
        }
    });
    quote! {
        #(#[allow(type_alias_bounds, reason = "they say whose the type is")] #aliases)*
    }
}

fn alias(at: usize) -> Ident {
    format_ident!("__Protocol{at}")
}

/// The inboxes of the protocols, and those of the parts.
pub(super) fn types(actor: &Actor) -> Vec<Type> {
    let aliases = (0..actor.protocols.len()).map(alias);
    let aliases = aliases.map(|alias| parse_quote!(#alias<__Here>));
    let parts = (0..actor.parts.len()).map(|at| part::inbox_of(actor, at));
    aliases.chain(parts).collect()
}

/// The variants that hold them.
pub(super) fn variants(actor: &Actor) -> Vec<Ident> {
    let aliases = (0..actor.protocols.len()).map(alias);
    let parts = (0..actor.parts.len()).map(part_alias);
    aliases.chain(parts).collect()
}

/// Where they are named.
fn named(actor: &Actor) -> Vec<(Span, String)> {
    let shown = |tokens: &dyn ToTokens| tokens.to_token_stream().to_string().replace(' ', "");
    let paths = actor.protocols.iter();
    let paths = paths.map(|path| (path.span(), shown(path)));
    let parts = actor.parts.iter();
    let parts = parts.map(|part| (part.ty.span(), shown(&part.ty)));
    paths.chain(parts).collect()
}

/// Where the messages of each protocol begin to count.
pub(super) fn offsets(actor: &Actor) -> Vec<TokenStream> {
    let runtime = &actor.runtime;
    let types = types(actor);
    (0..types.len())
        .map(|at| {
            let before = types.iter().take(at);
            quote!(Self::NAMES.len() #(+ <#before as #runtime::Messages>::NAMES.len())*)
        })
        .collect()
}

/// Two messages with one wire name do not compile.
pub(super) fn distinct(actor: &Actor, own: &[TokenStream]) -> TokenStream {
    let runtime = &actor.runtime;
    let mut others = vec![quote!(&[#(#own),*])];
    let checks = named(actor).into_iter().zip(types(actor));
    let checks = checks.map(|((span, shown), ty)| {
        let names = quote!(<#ty as #runtime::Messages>::NAMES);
        let text = format!(
            "`{shown}` has a message with the wire name of another message of `{}`: give one of the two another with `#[message(name = \"…\")]`",
            actor.ident
        );
        let check = quote_spanned! {blaming(span)=>
            const _: () = ::core::assert!(
                !#runtime::__private::any_taken(#names, &[#(#others),*]),
                #text
            );
        };
        others.push(names);
        check
    });
    checks.collect()
}

/// Who serves the messages of each protocol.
pub(super) fn arms(actor: &Actor) -> TokenStream {
    let runtime = &actor.runtime;
    let inbox = ident(actor);
    let (nested, ctx) = (local("nested"), local("ctx"));
    let types = types(actor);
    let arms = variants(actor).into_iter().zip(types).map(|(variant, ty)| {
        quote! {
            #inbox::#variant(#nested) => {
                <Self as #runtime::__private::HasProtocol<#ty>>::serve(self, #nested, #ctx).await
            }
        }
    });
    arms.collect()
}

/// What does not implement a protocol is told where it is named.
fn serve(actor: &Actor, path: &Path, ty: &Type) -> TokenStream {
    let runtime = &actor.runtime;
    let serve = quote! {
        fn serve(
            &mut self,
            inbox: #ty,
            ctx: &mut #runtime::Context<Self>,
        ) -> impl ::core::future::Future<Output = #runtime::Turn> {
            #runtime::__private::serve(inbox, self, ctx)
        }
    };
    respanned(path.span(), serve)
}

/// That the actor has its protocols.
pub(super) fn nests(actor: &Actor) -> TokenStream {
    if actor.protocols.is_empty() && actor.parts.is_empty() {
        return TokenStream::new();
    }
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let inbox = ident(actor);
    let generics = generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (types, variants) = (types(actor), variants(actor));
    let parts = actor.parts.iter().enumerate();
    let serves = actor.protocols.iter().zip(&types);
    let serves = serves.map(|(path, ty)| serve(actor, path, ty));
    let serves = serves.chain(parts.map(|(at, part)| part::serve(actor, at, part)));
    quote! {
        impl #impl_generics #runtime::__private::HasProtocols for #self_ty #where_clause {}
        #(
            impl #impl_generics #runtime::__private::HasProtocol<#types> for #self_ty #where_clause {
                fn nest(inbox: #types) -> #inbox #ty_generics {
                    #inbox::#variants(inbox)
                }
                #serves
            }
        )*
    }
}

/// Of a protocol or a part: that every actor that has it handles its messages.
pub(super) fn shared(shared: &Actor) -> TokenStream {
    let runtime = &shared.runtime;
    let inbox = ident(shared);
    let seek = local("seek");
    let messages: Vec<_> = shared.handlers.iter().map(Handler::message).collect();
    let variants = shared.handlers.iter().map(|own| &own.variant);
    quote! {
        impl #runtime::__private::ProtocolInbox for #inbox {
            fn offer<__A: #runtime::__private::HasProtocol<Self>>(
                #seek: &mut #runtime::__private::Seek<__A>,
            ) {
                #(#seek.offer::<#messages>();)*
            }
        }
        #(
            impl #runtime::ProtocolMessage for #messages {}
            impl<__A: #runtime::__private::HasProtocol<#inbox>>
                #runtime::__private::SharedWith<__A> for #messages
            {
                fn wrap(
                    request: #runtime::Request<Self>,
                ) -> <__A as #runtime::Actor>::Inbox {
                    <__A as #runtime::__private::HasProtocol<#inbox>>::nest(
                        #inbox::#variants(request),
                    )
                }
            }
        )*
    }
}

/// Of a protocol: the method of whatever actor it is, and that actor.
pub(super) fn callee(protocol: &Actor) -> (TokenStream, TokenStream) {
    let ident = &protocol.ident;
    let actor = local("actor");
    (quote!(<__A as #ident>), quote!(#actor))
}

/// Of a protocol: the actor that its calls go to, as a parameter.
pub(super) fn whoever(protocol: &Actor) -> (Generics, Type) {
    let runtime = &protocol.runtime;
    (parse_quote!(<__A: #runtime::Actor>), parse_quote!(__A))
}

/// Of a protocol: that an actor handles all that is in it.
pub(super) fn handles(protocol: &Actor) -> TokenStream {
    let runtime = &protocol.runtime;
    let messages = protocol.handlers.iter().map(Handler::message);
    quote!(where #(__A: #runtime::Handler<#messages>,)*)
}
