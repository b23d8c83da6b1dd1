//! Protocols of an actor: the code generated for each protocol that an actor
//! names.
//!
//! A macro cannot see the messages of a protocol. So the trait has a hidden
//! supertrait, whose one associated type is the inbox of the protocol. A bound
//! by the trait reaches it in any module.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Path, Type, parse_quote};

use super::generics::actor_generics;
use super::names::{inbox_ident, part_alias};
use super::{blaming, local, parts, respanned};
use crate::model::{Actor, Handler};

/// Name of the associated type that is the inbox of a protocol.
pub(super) fn inbox_name(protocol: &Ident) -> Ident {
    format_ident!(
        "__{}Inbox",
        protocol.unraw(),
        span = blaming(protocol.span())
    )
}

/// Aliases for the inboxes of the protocols. The name of the parameter is the
/// advice for a trait that is no protocol: the error of the compiler shows it.
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
        #(#[allow(type_alias_bounds, reason = "the bound selects the associated type")] #aliases)*
    }
}

fn alias(at: usize) -> Ident {
    format_ident!("__Protocol{at}")
}

/// Inbox types of the protocols, and those of the parts.
pub(super) fn types(actor: &Actor) -> Vec<Type> {
    let aliases = (0..actor.protocols.len()).map(alias);
    let aliases = aliases.map(|alias| parse_quote!(#alias<__Crate>));
    let parts = (0..actor.parts.len()).map(|at| parts::inbox_of(actor, at));
    aliases.chain(parts).collect()
}

/// Names of the variants that hold these inboxes.
pub(super) fn variants(actor: &Actor) -> Vec<Ident> {
    let aliases = (0..actor.protocols.len()).map(alias);
    let parts = (0..actor.parts.len()).map(part_alias);
    aliases.chain(parts).collect()
}

/// Spans and names of the protocols and parts in the source.
fn named(actor: &Actor) -> Vec<(Span, String)> {
    let shown = |tokens: &dyn ToTokens| tokens.to_token_stream().to_string().replace(' ', "");
    let paths = actor.protocols.iter();
    let paths = paths.map(|path| (path.span(), shown(path)));
    let parts = actor.parts.iter();
    let parts = parts.map(|part| (part.ty.span(), shown(&part.ty)));
    paths.chain(parts).collect()
}

/// Index of the first message of each protocol or part.
pub(super) fn offsets(actor: &Actor) -> Vec<TokenStream> {
    let types = types(actor);
    (0..types.len())
        .map(|at| {
            let before = types.iter().take(at);
            quote!(Self::NAMES.len() #(+ <#before as __p::Messages>::NAMES.len())*)
        })
        .collect()
}

/// Check that no two messages have one wire name.
pub(super) fn distinct(actor: &Actor, own: &[TokenStream]) -> TokenStream {
    let mut others = vec![quote!(&[#(#own),*])];
    let checks = named(actor).into_iter().zip(types(actor));
    let checks = checks.map(|((span, shown), ty)| {
        let names = quote!(<#ty as __p::Messages>::NAMES);
        let text = format!(
            "`{shown}` has a message with the wire name of another message of `{}`: give one of the two another with `#[message(name = \"…\")]`",
            actor.ident
        );
        let check = quote_spanned! {blaming(span)=>
            const _: () = ::core::assert!(
                !__p::any_taken(#names, &[#(#others),*]),
                #text
            );
        };
        others.push(names);
        check
    });
    checks.collect()
}

/// Arms of the `match` that pass a message on to its protocol or part.
pub(super) fn arms(actor: &Actor) -> TokenStream {
    let inbox = inbox_ident(actor);
    let (nested, ctx) = (local("nested"), local("ctx"));
    let types = types(actor);
    let arms = variants(actor).into_iter().zip(types).map(|(variant, ty)| {
        quote! {
            #inbox::#variant(#nested) => {
                <Self as __p::HasProtocol<#ty>>::serve(self, #nested, #ctx).await
            }
        }
    });
    arms.collect()
}

/// An actor that does not implement a protocol is reported at the name of the
/// protocol.
fn serve(path: &Path, ty: &Type) -> TokenStream {
    let serve = quote! {
        fn serve(
            &mut self,
            inbox: #ty,
            ctx: &mut __p::Context<Self>,
        ) -> impl __p::Future<Output = __p::Turn> {
            __p::serve(inbox, self, ctx)
        }
    };
    respanned(path.span(), serve)
}

/// Impls that say which protocols and parts the actor has.
pub(super) fn has_protocol_impls(actor: &Actor) -> TokenStream {
    if actor.protocols.is_empty() && actor.parts.is_empty() {
        return TokenStream::new();
    }
    let self_ty = &actor.self_ty;
    let inbox = inbox_ident(actor);
    let generics = actor_generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (types, variants) = (types(actor), variants(actor));
    let parts = actor.parts.iter().enumerate();
    let serves = actor.protocols.iter().zip(&types);
    let serves = serves.map(|(path, ty)| serve(path, ty));
    let serves = serves.chain(parts.map(|(at, part)| parts::serve(actor, at, part)));
    quote! {
        impl #impl_generics __p::HasProtocols for #self_ty #where_clause {}
        #(
            impl #impl_generics __p::HasProtocol<#types> for #self_ty #where_clause {
                fn nest(inbox: #types) -> #inbox #ty_generics {
                    #inbox::#variants(inbox)
                }
                #serves
            }
        )*
    }
}

/// For a protocol or a part: every actor that has it handles its messages.
pub(super) fn shared(shared: &Actor) -> TokenStream {
    let inbox = inbox_ident(shared);
    let seek = local("seek");
    let messages: Vec<_> = shared.handlers.iter().map(Handler::message).collect();
    let variants = shared.handlers.iter().map(|own| &own.variant);
    quote! {
        impl __p::ProtocolInbox for #inbox {
            fn offer<__A: __p::HasProtocol<Self>>(
                #seek: &mut __p::RecipientLookup<__A>,
            ) {
                #(#seek.offer::<#messages>();)*
            }
        }
        #(
            impl __p::ProtocolMessage for #messages {}
            impl<__A: __p::HasProtocol<#inbox>>
                __p::SharedWith<__A> for #messages
            {
                fn wrap(
                    request: __p::Request<Self>,
                ) -> <__A as __p::Actor>::Inbox {
                    <__A as __p::HasProtocol<#inbox>>::nest(
                        #inbox::#variants(request),
                    )
                }
            }
        )*
    }
}

/// For a protocol: the method of any implementing actor, and that actor.
pub(super) fn callee(protocol: &Actor) -> (TokenStream, TokenStream) {
    let ident = &protocol.ident;
    let actor = local("actor");
    (quote!(<__A as #ident>), quote!(#actor))
}

/// For a protocol: the type parameter for the actor that its calls go to.
pub(super) fn any_actor(protocol: &Actor) -> (Generics, Type) {
    let runtime = &protocol.runtime;
    (parse_quote!(<__A: #runtime::Actor>), parse_quote!(__A))
}

/// For a protocol: the bound that an actor handles all its messages.
pub(super) fn handles(protocol: &Actor) -> TokenStream {
    let runtime = &protocol.runtime;
    let messages = protocol.handlers.iter().map(Handler::message);
    quote!(where #(__A: #runtime::Handler<#messages>,)*)
}
