//! The hooks: what an actor does when it is made, starts, fails and stops.

use proc_macro2::TokenStream;
use quote::quote;

use super::inbox::generics;
use crate::model::{Actor, Hook};

/// Those that are methods of `Actor`.
pub(super) fn actor_hooks(actor: &Actor) -> TokenStream {
    let runtime = &actor.runtime;
    let start = actor.start.as_ref().map(|hook| {
        let call = call(hook, &quote!(self,));
        let body = if hook.is_result {
            quote! {
                #call.map_err(::core::convert::Into::into)
            }
        } else {
            quote! {
                #call;
                ::core::result::Result::Ok(())
            }
        };
        quote! {
            async fn on_start(
                &mut self,
                ctx: &mut #runtime::Context<Self>,
            ) -> ::core::result::Result<(), #runtime::__private::BoxError> {
                #body
            }
        }
    });
    let stop = actor.stop.as_ref().map(|hook| {
        let reason = hook.param.as_ref().map(|_| quote!(reason,));
        let call = call(hook, &quote!(self, #reason));
        quote! {
            async fn on_stop(
                &mut self,
                reason: &#runtime::StopReason,
                ctx: &mut #runtime::Context<Self>,
            ) {
                let _ = #call;
            }
        }
    });
    let error = actor.error.as_ref().map(|hook| {
        let error = hook.param.as_ref().map(|_| quote!(error,));
        let call = call(hook, &quote!(self, #error));
        quote! {
            async fn on_error(
                &mut self,
                error: #runtime::HandlerError,
                ctx: &mut #runtime::Context<Self>,
            ) -> #runtime::Directive {
                #call
            }
        }
    });
    quote!(#start #stop #error)
}

/// `Create`, if there is one.
pub(super) fn expand(actor: &Actor) -> TokenStream {
    let Some(hook) = &actor.create else {
        return TokenStream::new();
    };
    let Actor {
        runtime, self_ty, ..
    } = actor;
    let generics = generics(actor);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let args_ty = match &hook.param {
        Some(ty) => quote!(#ty),
        None => quote!(()),
    };
    let args = hook.param.as_ref().map(|_| quote!(args,));
    let call = call(hook, &quote!(#args));
    let body = if hook.is_result {
        quote!(#call.map_err(::core::convert::Into::into))
    } else {
        quote!(::core::result::Result::Ok(#call))
    };
    let allowances = super::allowances();
    quote! {
        #allowances
        impl #impl_generics #runtime::Create for #self_ty #where_clause {
            type Args = #args_ty;

            async fn create(
                args: #args_ty,
                ctx: &mut #runtime::Context<Self>,
            ) -> ::core::result::Result<Self, #runtime::__private::BoxError> {
                #body
            }
        }
    }
}

fn call(hook: &Hook, args: &TokenStream) -> TokenStream {
    let method = &hook.method;
    let ctx = hook.takes_ctx.then(|| quote!(ctx));
    let dot_await = hook.is_async.then(|| quote!(.await));
    quote!(Self::#method(#args #ctx)#dot_await)
}
