//! The one `match` that calls the handlers, and who handles what.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::hooks::actor_hooks;
use super::inbox::{generics, ident};
use crate::model::{Actor, Handler, HandlerKind, Hook, Returns};

pub(super) fn expand(actor: &Actor) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let inbox = ident(actor);
    let generics = generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let arms = actor.handlers.iter().map(|handler| arm(actor, handler));
    let fallback = actor.fallback.as_ref().map(|hook| fallback(actor, hook));
    let marker = generics
        .type_params()
        .next()
        .map(|_| quote!(#inbox::__Marker(never, _) => match never {},));
    let hooks = actor_hooks(actor);
    let handles = actor.handlers.iter().map(|handler| {
        let message = handler.message();
        let variant = &handler.variant;
        quote! {
            impl #impl_generics #runtime::Handler<#message> for #self_ty #where_clause {
                fn wrap(request: #runtime::Request<#message>) -> #inbox #ty_generics {
                    #inbox::#variant(request)
                }
            }
        }
    });
    let travels = travels(actor, &generics);
    let allowances = super::allowances();
    quote! {
        #allowances
        const _: () = {
            impl #impl_generics #runtime::Actor for #self_ty #where_clause {
                type Inbox = #inbox #ty_generics;

                async fn turn(
                    &mut self,
                    message: #inbox #ty_generics,
                    ctx: &mut #runtime::Context<Self>,
                ) -> #runtime::Turn {
                    match message {
                        #(#arms)*
                        #fallback
                        #marker
                    }
                }
                #hooks
            }
            impl #impl_generics #runtime::TaskActor for #self_ty #where_clause {
                fn live<__B: #runtime::__private::Birth<Self> + ::core::marker::Send>(
                    life: #runtime::__private::Life<Self, __B>,
                ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
                    life.run()
                }
            }
            #(#handles)*
            #travels
        };
    }
}

/// The actor can be held elsewhere if each of its messages can travel.
fn travels(actor: &Actor, generics: &syn::Generics) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let mut generics = generics.clone();
    let clause = generics.make_where_clause();
    for handler in &actor.handlers {
        let message = handler.message();
        clause.predicates.push(syn::parse_quote!(
            for<'__a> #runtime::__private::Ferry<'__a, #message>: #runtime::__private::Ferried
        ));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote!(impl #impl_generics #runtime::Travels for #self_ty #where_clause {})
}

fn arm(actor: &Actor, handler: &Handler) -> TokenStream {
    let Actor { runtime, .. } = actor;
    let inbox = ident(actor);
    let Handler {
        method,
        variant,
        takes_ctx,
        ..
    } = handler;
    let message = handler.message();
    let (pattern, args) = match &handler.kind {
        HandlerKind::Declared(_) => (quote!(message), quote!(message,)),
        HandlerKind::Method(own) => {
            let ident = &own.message.ident;
            let names: Vec<_> = own.params.iter().map(|(name, _)| name).collect();
            (quote!(#ident { #(#names,)* .. }), quote!(#(#names,)*))
        }
    };
    let ctx = takes_ctx.then(|| quote!(ctx));
    let dot_await = handler.is_async.then(|| quote!(.await));
    let shares = handler
        .shared
        .filter(|_| handler.is_async)
        .map(|span| quote_spanned!(span=> #runtime::__private::shares::<Self>();));
    let (answer, span) = match &handler.returns {
        Returns::Value(output) => (quote!(answer), output.span()),
        Returns::Result(ty) => (quote!(answer_result), ty.span()),
        Returns::Deferred(ty) => (quote!(answer_deferred), ty.span()),
    };
    // What does not fit the message is the return type's fault.
    let handled = quote_spanned!(span=> async move { Self::#method(self, #args #ctx)#dot_await });
    quote! {
        #inbox::#variant(request) => {
            #shares
            let #runtime::Request { message: #pattern, reply, .. } = request;
            #runtime::__private::#answer::<#message>(reply, #handled).await
        }
    }
}

fn fallback(actor: &Actor, hook: &Hook) -> TokenStream {
    let Actor { runtime, .. } = actor;
    let inbox = ident(actor);
    let method = &hook.method;
    let ctx = hook.takes_ctx.then(|| quote!(ctx));
    let dot_await = hook.is_async.then(|| quote!(.await));
    quote! {
        #inbox::__Fallback(request) => {
            #runtime::__private::answer_fallback(async move {
                Self::#method(self, request, #ctx)#dot_await
            }).await
        }
    }
}
