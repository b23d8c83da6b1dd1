//! Hooks: methods that run when the actor is made, starts, fails and stops.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::generics::actor_generics;
use super::names::ctx;
use super::{blaming, local, respanned};
use crate::model::{Actor, Hook, ReturnKind};

/// Hooks that are methods of `Actor`.
pub(super) fn actor_hooks(actor: &Actor) -> TokenStream {
    let (reason, error, ctx) = (local("reason"), local("error"), local("ctx"));
    let start = actor.start.as_ref().map(|hook| {
        let body = outcome(hook, &call(hook, &quote!(self,), None));
        quote! {
            async fn on_start(
                &mut self,
                #ctx: &mut __p::Context<Self>,
            ) -> __p::Result<(), __p::BoxError> {
                #body
            }
        }
    });
    let stop = actor.stop.as_ref().map(|hook| {
        let body = outcome(hook, &call(hook, &quote!(self,), Some(&reason)));
        quote! {
            async fn on_stop(
                &mut self,
                #reason: &__p::StopReason,
                #ctx: &mut __p::Context<Self>,
            ) -> __p::Result<(), __p::BoxError> {
                #body
            }
        }
    });
    let failed = actor.error.as_ref().map(|hook| {
        let call = call(hook, &quote!(self,), Some(&error));
        quote! {
            async fn on_error(
                &mut self,
                #error: __p::HandlerError,
                #ctx: &mut __p::Context<Self>,
            ) -> __p::Directive {
                #call
            }
        }
    });
    let (child, gone) = (end_hook(actor, "child"), end_hook(actor, "gone"));
    let idle = idle(actor);
    quote!(#start #stop #failed #child #gone #idle)
}

/// Hook that is told of the end of another actor.
fn end_hook(actor: &Actor, moment: &str) -> Option<TokenStream> {
    let (told, ctx) = (local("told"), local("ctx"));
    let (hook, name, told_ty, said) = match moment {
        "child" => (
            actor.child.as_ref()?,
            quote!(on_child),
            quote!(ChildExit),
            quote!(-> __p::Directive),
        ),
        _ => (
            actor.gone.as_ref()?,
            quote!(on_gone),
            quote!(Gone),
            quote!(),
        ),
    };
    let call = call(hook, &quote!(self,), Some(&told));
    let hears = (moment == "child").then(|| {
        quote!(
            const HEARS_OF_CHILDREN: bool = true;
        )
    });
    Some(quote! {
        #hears

        async fn #name(
            &mut self,
            #told: __p::#told_ty,
            #ctx: &mut __p::Context<Self>,
        ) #said {
            #call
        }
    })
}

fn idle(actor: &Actor) -> Option<TokenStream> {
    let (after, hook) = actor.idle.as_ref()?;
    let (secs, nanos) = (after.as_secs(), after.subsec_nanos());
    let ctx = local("ctx");
    let call = call(hook, &quote!(self,), None);
    Some(quote! {
        const IDLE: __p::Option<__p::Duration> =
            ::core::option::Option::Some(__p::Duration::new(#secs, #nanos));

        async fn on_idle(&mut self, #ctx: &mut __p::Context<Self>) {
            #call
        }
    })
}

/// Result of a hook that may fail or may not.
fn outcome(hook: &Hook, call: &TokenStream) -> TokenStream {
    let boxed = boxed(hook);
    match hook.returns.kind {
        ReturnKind::Result => quote!(#call.map_err(#boxed)),
        _ => quote! {
            #call;
            __p::Ok(())
        },
    }
}

/// Impl of `Create`, if there is such a hook.
pub(super) fn create(actor: &Actor, is_sound: bool) -> TokenStream {
    let Some(hook) = &actor.create else {
        return TokenStream::new();
    };
    let self_ty = &actor.self_ty;
    let generics = actor_generics(actor);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (args, ctx) = (local("args"), local("ctx"));
    let args_ty = match &hook.param {
        Some(ty) => quote!(#ty),
        None => quote!(()),
    };
    let boxed = boxed(hook);
    let call = call(hook, &TokenStream::new(), Some(&args));
    let body = match hook.returns.kind {
        _ if !is_sound => quote!(::core::unimplemented!()),
        ReturnKind::Result => quote!(#call.map_err(#boxed)),
        _ => quote!(__p::Ok(#call)),
    };
    quote! {
        impl #impl_generics __p::Create for #self_ty #where_clause {
            type Args = #args_ty;

            async fn create(
                #args: #args_ty,
                #ctx: &mut __p::Context<Self>,
            ) -> __p::Result<Self, __p::BoxError> {
                #body
            }
        }
    }
}

/// Conversion of the error of a hook into the error of the library. A type that
/// does not fit is reported at the return type.
fn boxed(hook: &Hook) -> TokenStream {
    respanned(hook.returns.span, quote!(|error| __p::boxed(error)))
}

/// Call of a hook. A type that does not fit is reported at its parameter or at
/// its return type.
pub(super) fn call(hook: &Hook, this: &TokenStream, param: Option<&Ident>) -> TokenStream {
    let method = &hook.method;
    let param = hook.param.as_ref().zip(param).map(|(ty, name)| {
        let mut name = name.clone();
        name.set_span(name.span().located_at(ty.span()));
        quote!(#name,)
    });
    let ctx = hook.ctx.map(ctx);
    let dot_await = hook.is_async.then(|| quote!(.await));
    quote_spanned!(blaming(hook.returns.span)=> Self::#method(#this #param #ctx)#dot_await)
}
