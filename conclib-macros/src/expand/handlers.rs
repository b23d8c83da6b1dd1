//! The one `match` that calls the handlers, and the `Handler` impls.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::generics::actor_generics;
use super::hooks::actor_hooks;
use super::names::{ctx, inbox_ident};
use super::variants::variants;
use super::{blaming, checked, local, parts, protocols};
use crate::model::{Actor, Handler, HandlerKind, Hook, Kind, ReturnKind};

pub(super) fn expand(actor: &Actor, is_sound: bool) -> TokenStream {
    let self_ty = &actor.self_ty;
    let inbox = inbox_ident(actor);
    let generics = actor_generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (message, ctx) = (local("message"), local("ctx"));
    let turn = if is_sound {
        turn(actor)
    } else {
        quote!(::core::unimplemented!())
    };
    let hooks = is_sound.then(|| actor_hooks(actor));
    // An actor whose state is not `Send` cannot run as a task.
    let task = (!actor.thread).then(|| {
        // The compiler reports a state that is not `Send` at the type, and
        // nothing of what depends on it.
        let span = blaming(self_ty.span());
        let task = quote_spanned!(span=> __p::TaskActor for #self_ty);
        let (gate, bound) = checked::task(actor).unzip();
        let mut generics = generics.clone();
        generics.make_where_clause().predicates.extend(bound);
        let (_, _, where_clause) = generics.split_for_impl();
        quote! {
            #gate
            impl #impl_generics #task #where_clause {
                fn live<__B: __p::Factory<Self> + __p::Send>(
                    life: __p::ActorTask<Self, __B>,
                ) -> impl __p::Future<Output = ()> + __p::Send {
                    life.run()
                }
            }
        }
    });
    let offer = offer(actor);
    let handles = actor.handlers.iter().map(|handler| {
        let message = checked::message(actor, handler);
        let variant = &handler.variant;
        let request = match handler.batch {
            Some(_) => quote!(__p::Batch::new(request)),
            None => quote!(request),
        };
        quote! {
            impl #impl_generics __p::Handler<#message> for #self_ty #where_clause {
                fn wrap(request: __p::Request<#message>) -> #inbox #ty_generics {
                    #inbox::#variant(#request)
                }
            }
        }
    });
    let nothing = nothing(actor);
    let protocols = protocols::has_protocol_impls(actor);
    quote! {
        impl #impl_generics __p::Actor for #self_ty #where_clause {
            type Inbox = #inbox #ty_generics;
            type Ref = __p::ActorRef<Self>;

            // Plain function that returns a future: an `async fn` would store
            // the message twice while it is handled.
            fn turn(
                &mut self,
                #message: #inbox #ty_generics,
                #ctx: &mut __p::Context<Self>,
            ) -> impl __p::Future<Output = __p::Turn> {
                async move { #turn }
            }
            #offer
            #hooks
        }
        #task
        #(#handles)*
        #(#nothing)*
        #protocols
    }
}

/// Handlers of messages without a value, for an actor with a single message or
/// none: the compiler would take any other message for a mistyped one of that.
fn nothing(actor: &Actor) -> Vec<TokenStream> {
    let count = match actor.handlers.as_slice() {
        [] if protocols::types(actor).is_empty() => 2_u8,
        [only] if !checked::mentions_any(&only.message(), &actor.generics) => 1,
        _ => 0,
    };
    let (self_ty, inbox) = (&actor.self_ty, inbox_ident(actor));
    let generics = actor_generics(actor);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let one = |at: u8| {
        quote! {
            #[diagnostic::do_not_recommend]
            impl #impl_generics __p::Handler<__p::Nothing<#at>> for #self_ty #where_clause {
                fn wrap(request: __p::Request<__p::Nothing<#at>>) -> #inbox #ty_generics {
                    match request.message {}
                }
            }
        }
    };
    (0..count).map(one).collect()
}

/// Offers each message to a search for recipients.
fn offer(actor: &Actor) -> Option<TokenStream> {
    let seek = local("seek");
    let variants = variants(actor);
    let offers = variants.iter().filter_map(|variant| variant.offer(&seek));
    let offers: TokenStream = offers.collect();
    (!offers.is_empty()).then(|| {
        quote! {
            fn offer(#seek: &mut __p::RecipientLookup<Self>) { #offers }
        }
    })
}

pub(super) fn turn(actor: &Actor) -> TokenStream {
    let inbox = inbox_ident(actor);
    let message = local("message");
    let handlers = actor.handlers.iter().enumerate();
    let arms = handlers.map(|(index, handler)| arm(actor, index, handler));
    let fallback = actor.fallback.as_ref().map(|hook| fallback(actor, hook));
    let protocols = protocols::arms(actor);
    let marker = actor
        .generics
        .type_params()
        .next()
        .map(|_| quote!(#inbox::__Marker(never, _) => match never {},));
    quote! {
        match #message {
            #(#arms)*
            #fallback
            #protocols
            #marker
        }
    }
}

fn arm(actor: &Actor, index: usize, handler: &Handler) -> TokenStream {
    let inbox = inbox_ident(actor);
    let Handler {
        method,
        variant,
        returns,
        ..
    } = handler;
    let message = checked::message(actor, handler);
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
        .filter(|_| handler.is_async && actor.kind != Kind::Protocol)
        .map(|span| quote_spanned!(blaming(span)=> __p::shares::<Self>();));
    let (answer, returned) = match returns.kind {
        ReturnKind::Value => (quote!(answer), quote!(ReplyOf)),
        ReturnKind::Result => (quote!(answer_result), quote!(ResultOf)),
        ReturnKind::Deferred => (quote!(answer_deferred), quote!(DeferredOf)),
        // Stream: the request is not answered yet when the handler returns.
        ReturnKind::Stream => (quote!(stream), quote!(ReplyOf)),
    };
    let ctx = handler.ctx.map(ctx);
    let dot_await = handler.is_async.then(|| quote!(.await));
    let reply = local("reply");
    // A type that does not fit a declared message is reported at the return
    // type.
    let span = blaming(returns.span);
    let (owner, this) = match actor.kind {
        Kind::Protocol => protocols::callee(actor),
        Kind::Part => (quote_spanned!(span=> Self), parts::callee()),
        Kind::Actor => (quote_spanned!(span=> Self), quote_spanned!(span=> self)),
    };
    if handler.concurrent || returns.kind == ReturnKind::Stream {
        let this = handler.has_self.then(|| quote_spanned!(span=> #this,));
        let call = quote_spanned!(span=> #owner::#method(#this #args #ctx));
        let pattern = quote!(__p::Request { message: #pattern, reply: #reply, .. });
        let concurrent = match returns.kind {
            ReturnKind::Stream => stream(&message, index, &call),
            _ => concurrent(&message, index, &answer, &call),
        };
        return quote!(#inbox::#variant(#pattern) => { #concurrent });
    }
    let call = quote_spanned!(span=> #owner::#method(#this, #args #ctx));
    if handler.batch.is_some() {
        let (batch, count) = (local("batch"), local("count"));
        let answers = quote_spanned!(span=> __p::BatchAnswer::each(#call #dot_await, #count));
        return quote! {
            #inbox::#variant(#batch) => {
                #shares
                let #count = #batch.len();
                let (#args #reply) = #batch.split(|#pattern| #args);
                __p::answer_batch::<#message>(#reply, async move { #answers }).await
            }
        };
    }
    let handled = match &handler.kind {
        // The future of an `async fn` of the actor itself does nothing before
        // it is polled.
        HandlerKind::Method(_) if handler.is_async && actor.kind == Kind::Actor => call,
        HandlerKind::Method(_) => quote!(async move { #call #dot_await }),
        HandlerKind::Declared(_) => {
            let answer = local("answer");
            quote! {
                async move {
                    let #answer: __p::#returned<#message> = #call #dot_await;
                    #answer
                }
            }
        }
    };
    let may_pass_on = (returns.kind == ReturnKind::Deferred).then(|| {
        let ctx = local("ctx");
        quote!(__p::may_pass_on(#ctx, &#reply);)
    });
    quote! {
        #inbox::#variant(__p::Request { message: #pattern, reply: #reply, .. }) => {
            #shares
            #may_pass_on
            __p::#answer::<#message>(#reply, #handled).await
        }
    }
}

/// Expands a concurrent handler: its turn makes the future, which then runs
/// beside later turns.
fn concurrent(
    message: &syn::Type,
    index: usize,
    answer: &TokenStream,
    call: &TokenStream,
) -> TokenStream {
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    let (ctx, reply, made) = (local("ctx"), local("reply"), local("made"));
    quote! {
        let #made = __p::attempt(|| #call);
        __p::beside(#ctx, #index, #reply, #made, |#reply, #made| {
            __p::#answer::<#message>(#reply, #made)
        })
    }
}

/// Expands a handler that answers with a stream, which runs beside later turns.
fn stream(message: &syn::Type, index: usize, call: &TokenStream) -> TokenStream {
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    let (ctx, reply, made) = (local("ctx"), local("reply"), local("made"));
    quote! {
        let #made = __p::attempt(|| #call);
        __p::stream::<#message, _, _>(#ctx, #index, #reply, #made)
    }
}

fn fallback(actor: &Actor, hook: &Hook) -> TokenStream {
    let inbox = inbox_ident(actor);
    let request = local("request");
    let call = super::hooks::call(hook, &quote!(self,), Some(&request));
    quote! {
        #inbox::__Fallback(#request) => {
            let #request = *#request;
            __p::answer_fallback(async move { #call; }).await
        }
    }
}
