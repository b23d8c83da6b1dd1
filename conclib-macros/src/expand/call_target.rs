//! Target of the generated call methods.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, parse_quote};

use super::generics::actor_generics;
use super::protocols;
use crate::model::{Actor, Kind};

/// Target of the generated call methods, and the path from it to an actor.
pub(super) struct CallTarget {
    pub(super) generics: Generics,
    /// Type that gets the methods.
    pub(super) target: TokenStream,
    /// Type of the reference that a call asks.
    pub(super) reference: TokenStream,
    /// Expression that gives this reference from `self`.
    pub(super) asker: TokenStream,
    pub(super) handles: Option<TokenStream>,
}

pub(super) fn call_target(actor: &Actor) -> CallTarget {
    let runtime = &actor.runtime;
    let (generics, of) = match actor.kind {
        Kind::Actor => (actor_generics(actor), actor.self_ty.clone()),
        Kind::Protocol => protocols::any_actor(actor),
        Kind::Part => return of_part(actor),
    };
    let target = quote!(#runtime::ActorRef<#of>);
    CallTarget {
        generics,
        reference: quote!(&#target),
        target,
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
        generics: parse_quote!(<'__a, __A: #runtime::Actor>),
        target: quote!(#runtime::PartRef<'__a, __A, #self_ty>),
        reference: quote!(&'__a #runtime::ActorRef<__A>),
        asker: quote!(#runtime::PartRef::actor(self)),
        handles: Some(protocols::handles(part)),
    }
}
