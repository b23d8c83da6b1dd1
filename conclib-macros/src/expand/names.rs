//! Names in the generated code that several items mention.

use proc_macro2::{Ident, Span};
use quote::format_ident;

use super::local;
use crate::model::Actor;

/// Name of the inbox enum.
pub(super) fn inbox_ident(actor: &Actor) -> Ident {
    format_ident!("{}Inbox", actor.ident)
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
