//! The bounds that generated impls need of a generic actor's parameters.

use syn::{Generics, Path, parse_quote};

/// What a parameter has to be.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// It stays inside its process.
    Local,
    /// It travels inside a message.
    Wire,
}

/// Adds what each type parameter has to be. Written as a `where` clause, it
/// leaves the bounds of the user alone.
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
