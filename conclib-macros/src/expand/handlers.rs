//! The one `match` that calls the handlers, and who handles what.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::hooks::actor_hooks;
use super::inbox::{generics, ident};
use super::{blaming, local};
use crate::model::{Actor, Handler, HandlerKind, Hook, ReturnKind};

pub(super) fn expand(actor: &Actor, is_sound: bool) -> TokenStream {
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let inbox = ident(actor);
    let generics = generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (message, ctx) = (local("message"), local("ctx"));
    let turn = if is_sound {
        turn(actor)
    } else {
        quote!(::core::unimplemented!())
    };
    let hooks = is_sound.then(|| actor_hooks(actor));
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
    quote! {
        impl #impl_generics #runtime::Actor for #self_ty #where_clause {
            type Inbox = #inbox #ty_generics;

            // An `async fn` would keep the message twice while it is handled.
            fn turn(
                &mut self,
                #message: #inbox #ty_generics,
                #ctx: &mut #runtime::Context<Self>,
            ) -> impl ::core::future::Future<Output = #runtime::Turn> {
                async move { #turn }
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
    }
}

fn turn(actor: &Actor) -> TokenStream {
    let inbox = ident(actor);
    let message = local("message");
    let arms = actor.handlers.iter().map(|handler| arm(actor, handler));
    let fallback = actor.fallback.as_ref().map(|hook| fallback(actor, hook));
    let marker = actor
        .generics
        .type_params()
        .next()
        .map(|_| quote!(#inbox::__Marker(never, _) => match never {},));
    quote! {
        match #message {
            #(#arms)*
            #fallback
            #marker
        }
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
            for<'__a> #runtime::__private::Ferry<'__a>: #runtime::__private::Ferried<#message>
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
        returns,
        ..
    } = handler;
    let message = handler.message();
    let (pattern, args) = match &handler.kind {
        HandlerKind::Declared(_) => {
            let message = local("message");
            (quote!(#message), quote!(#message,))
        }
        HandlerKind::Method(own) => {
            let ident = &own.message.ident;
            let names: Vec<_> = own.params.iter().map(|param| &param.name).collect();
            (quote!(#ident { #(#names,)* .. }), quote!(#(#names,)*))
        }
    };
    let shares = handler
        .shared
        .filter(|_| handler.is_async)
        .map(|span| quote_spanned!(blaming(span)=> #runtime::__private::shares::<Self>();));
    let (answer, returned) = match returns.kind {
        ReturnKind::Value => (quote!(answer), quote!(ReplyOf)),
        ReturnKind::Result => (quote!(answer_result), quote!(ResultOf)),
        ReturnKind::Deferred => (quote!(answer_deferred), quote!(DeferredOf)),
    };
    let ctx = handler.ctx.map(ctx);
    let dot_await = handler.is_async.then(|| quote!(.await));
    let reply = local("reply");
    // What does not fit a declared message is the return type's fault.
    let call = quote_spanned!(blaming(returns.span)=> Self::#method(self, #args #ctx)#dot_await);
    let handled = match &handler.kind {
        HandlerKind::Method(_) => call,
        HandlerKind::Declared(_) => {
            let answer = local("answer");
            quote! {
                let #answer: #runtime::__private::#returned<#message> = #call;
                #answer
            }
        }
    };
    quote! {
        #inbox::#variant(#runtime::Request { message: #pattern, reply: #reply, .. }) => {
            #shares
            #runtime::__private::#answer::<#message>(#reply, async move { #handled }).await
        }
    }
}

/// The context as an argument; what does not fit it is blamed on the parameter.
pub(super) fn ctx(span: proc_macro2::Span) -> proc_macro2::Ident {
    let mut ctx = local("ctx");
    ctx.set_span(ctx.span().located_at(span));
    ctx
}

fn fallback(actor: &Actor, hook: &Hook) -> TokenStream {
    let Actor { runtime, .. } = actor;
    let inbox = ident(actor);
    let request = local("request");
    let call = super::hooks::call(hook, &quote!(self,), Some(&request));
    quote! {
        #inbox::__Fallback(#request) => {
            let #request = *#request;
            #runtime::__private::answer_fallback(async move { #call; }).await
        }
    }
}
