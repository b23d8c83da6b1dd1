//! Target of the generated call methods.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, parse_quote};

use super::generics::actor_generics;
use super::protocols;
use crate::model::{Actor, Kind};

/// Target of the generated call methods: a reference to an actor, or a pool.
pub(super) struct CallTarget {
    /// Generics of the trait and its impl. The last parameter is the reference or the pool.
    pub(super) generics: Generics,
    /// Type that gets the methods.
    pub(super) target: TokenStream,
    /// Type of the target of a call.
    pub(super) to: TokenStream,
    /// Function that makes a call.
    pub(super) call: TokenStream,
    /// First argument of this function: the reference or the pool.
    pub(super) asker: TokenStream,
    pub(super) handles: Option<TokenStream>,
}

pub(super) fn call_target(actor: &Actor) -> CallTarget {
    let runtime = &actor.runtime;
    let (mut generics, of) = match actor.kind {
        Kind::Actor => (actor_generics(actor), actor.self_ty.clone()),
        Kind::Protocol => protocols::any_actor(actor),
        Kind::Part => return of_part(actor),
    };
    generics.params.push(parse_quote!(
        __R: #runtime::CallTarget<#of> = #runtime::ActorRef<#of>
    ));
    CallTarget {
        generics,
        target: quote!(__R),
        to: quote!(__R::To<'_>),
        call: quote!(#runtime::CallTarget::call),
        asker: quote!(self),
        handles: (actor.kind == Kind::Protocol).then(|| protocols::handles(actor)),
    }
}

/// For a part: its calls go to the actor that contains it.
fn of_part(part: &Actor) -> CallTarget {
    let Actor {
        runtime, self_ty, ..
    } = part;
    CallTarget {
        generics: parse_quote!(
            <
                '__a,
                __A: #runtime::Actor,
                __R: #runtime::CallTarget<__A> + '__a = #runtime::ActorRef<__A>
            >
        ),
        target: quote!(#runtime::PartRef<'__a, __A, #self_ty, __R>),
        to: quote!(__R::To<'__a>),
        call: quote!(#runtime::CallTarget::call),
        asker: quote!(#runtime::PartRef::actor(self)),
        handles: Some(protocols::handles(part)),
    }
}
