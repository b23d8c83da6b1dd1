//! Bounds that generated impls need on the parameters of a generic actor.

use proc_macro2::Ident;
use syn::{Generics, Path, parse_quote};

use crate::model::{Actor, Handler, Reach};

/// Requirement on a type parameter.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// The type stays inside its process.
    Local,
    /// The type travels inside a message.
    Wire,
}

/// Adds the requirement for each type parameter. Being a `where` clause, it
/// leaves the bounds of the user as they are.
pub(super) fn bounded(
    generics: &Generics,
    runtime: &Path,
    need: impl Fn(&Ident) -> Need,
) -> Generics {
    let mut bounded = generics.clone();
    let clause = bounded.make_where_clause();
    for param in generics.type_params() {
        let ident = &param.ident;
        clause.predicates.push(match need(ident) {
            Need::Local => parse_quote!(#ident: #runtime::__private::LocalParam),
            Need::Wire => parse_quote!(#ident: #runtime::__private::WirePart),
        });
    }
    bounded
}

/// Generics of the items generated for an actor: a parameter that one of its
/// own wire messages mentions has to be able to travel.
pub(super) fn actor_generics(actor: &Actor) -> Generics {
    let travels = |param: &Ident| {
        actor
            .handlers
            .iter()
            .filter_map(Handler::as_method)
            .any(|own| {
                let mut params = own.message.generics.type_params();
                own.message.reach != Reach::Local && params.any(|used| used.ident == *param)
            })
    };
    bounded(&actor.generics, &actor.runtime, |param| {
        if travels(param) {
            Need::Wire
        } else {
            Need::Local
        }
    })
}
