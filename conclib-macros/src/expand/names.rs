//! Names in the generated code that several items mention.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::local;
use crate::model::{Actor, Kind};

/// Name of the inbox enum.
pub(super) fn inbox_ident(actor: &Actor) -> Ident {
    format_ident!("{}Inbox", actor.ident)
}

/// Imports of the support code, for the items of the module and for those of one block. All other
/// items name it by these: the compiler reports a wrong path once, and nothing of what depends on
/// an import.
pub(super) fn imports(actor: &mut Actor) -> (TokenStream, TokenStream) {
    let name = format_ident!("__{}Calls", actor.ident);
    let path = actor.rename_runtime(name.clone().into());
    let allowances = super::allowances();
    let import = quote! {
        #[doc(hidden)]
        #allowances
        use #path::__private as #name;
    };
    let alias = super::alias(&path);
    // Without calls the module gets nothing with the name of the type, of which there may be several.
    if actor.has_calls() || actor.kind == Kind::Protocol {
        (import, alias)
    } else {
        (TokenStream::new(), quote!(#import #alias))
    }
}

/// Alias of the part of that number.
pub(super) fn part_alias(at: usize) -> Ident {
    format_ident!("__Part{at}")
}

/// Name of the context as an argument. A type that does not fit is reported at the
/// parameter.
pub(super) fn ctx(span: Span) -> Ident {
    let mut ctx = local("ctx");
    ctx.set_span(ctx.span().located_at(span));
    ctx
}
