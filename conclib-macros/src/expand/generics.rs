//! Bounds that generated impls need on the parameters of a generic actor.

use syn::{Generics, Path, parse_quote};

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
    need: impl Fn(&syn::Ident) -> Need,
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
