//! Attributes of conclib on the methods of an actor.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, ImplItemFn, Meta, Path, Token, parse_quote};

use super::Mistakes;
use super::duration::duration;

/// Role that an attribute gives a method.
pub(super) enum Role {
    Handler,
    Message(TokenStream),
    On(Moment),
    Fallback,
    Part,
}

/// Names of the attributes that give a method its role.
const NAMES: [&str; 5] = ["handler", "message", "on", "fallback", "part"];

/// Moment at which a hook runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Create,
    Start,
    Stop,
    Error,
    Child,
    Gone,
    /// After this time without a turn.
    Idle(Duration),
}

/// Removes the attributes of conclib from a method; more than one of them is a
/// mistake.
pub(super) fn take(
    method: &mut ImplItemFn,
    runtime: &Path,
    mistakes: &mut Mistakes,
) -> Option<(Role, Span)> {
    let (ours, others) = std::mem::take(&mut method.attrs)
        .into_iter()
        .partition::<Vec<_>, _>(|attribute| is_role(attribute.path(), runtime));
    method.attrs = others;
    for second in ours.iter().skip(1) {
        mistakes.push(Error::new_spanned(
            second.path(),
            "a method is one thing: a `#[message]`, a `#[handler]`, a hook `#[on(…)]`, the `#[fallback]` or the way to a `#[part]`",
        ));
    }
    // With two roles the intended one is unknown.
    let [first] = ours.as_slice() else {
        return None;
    };
    let role = mistakes.ok(role(first))?;
    Some((role, name(first.path())?.span()))
}

/// Tests for `#[message]` and `#[conclib::message]`.
pub(super) fn is_role(path: &Path, runtime: &Path) -> bool {
    is_ours(path, runtime, &NAMES)
}

/// Tests if an attribute has one of these names, bare or under the path of the
/// runtime crate.
pub(super) fn is_ours(path: &Path, runtime: &Path, names: &[&str]) -> bool {
    let Some(name) = name(path) else {
        return false;
    };
    let mut segments = path.segments.iter().rev().skip(1);
    let from_us = match segments.next() {
        None => true,
        Some(last) => {
            last.ident == "conclib"
                || runtime
                    .segments
                    .last()
                    .is_some_and(|runtime| runtime.ident == last.ident)
        }
    };
    from_us && names.iter().any(|role| name == role)
}

fn name(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|last| &last.ident)
}

fn role(attribute: &Attribute) -> syn::Result<Role> {
    let name = name(attribute.path()).map(ToString::to_string);
    match name.as_deref() {
        Some("message") => Ok(Role::Message(match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        })),
        Some("on") => moment(attribute).map(Role::On),
        Some("fallback") => no_args(attribute).map(|()| Role::Fallback),
        Some("part") => no_args(attribute).map(|()| Role::Part),
        _ => no_args(attribute).map(|()| Role::Handler),
    }
}

fn moment(attribute: &Attribute) -> syn::Result<Moment> {
    const MOMENTS: &str = "a hook is one of `#[on(create)]`, `#[on(start)]`, `#[on(stop)]`, `#[on(error)]`, `#[on(child)]`, `#[on(gone)]` and `#[on(idle = \"30s\")]`";
    let parse = |input: ParseStream<'_>| {
        let moment: Ident = input.parse()?;
        let idle = match input.parse::<Option<Token![=]>>()? {
            Some(_) if moment == "idle" => Some(duration(&input.parse()?)?),
            Some(equals) => return Err(Error::new_spanned(equals, MOMENTS)),
            None => None,
        };
        Ok((moment, idle))
    };
    let list = attribute
        .meta
        .require_list()
        .map_err(|_| Error::new_spanned(attribute.path(), MOMENTS))?;
    if list.tokens.is_empty() {
        return Err(Error::new_spanned(attribute.path(), MOMENTS));
    }
    let (moment, idle) = parse.parse2(list.tokens.clone())?;
    match (moment.to_string().as_str(), idle) {
        ("create", _) => Ok(Moment::Create),
        ("start", _) => Ok(Moment::Start),
        ("stop", _) => Ok(Moment::Stop),
        ("error", _) => Ok(Moment::Error),
        ("child", _) => Ok(Moment::Child),
        ("gone", _) => Ok(Moment::Gone),
        ("idle", Some(after)) => Ok(Moment::Idle(after)),
        ("idle", None) => Err(Error::new(
            moment.span(),
            "the time is missing: `#[on(idle = \"30s\")]`",
        )),
        _ => Err(Error::new(moment.span(), MOMENTS)),
    }
}

fn no_args(attribute: &Attribute) -> syn::Result<()> {
    match &attribute.meta {
        Meta::Path(_) => Ok(()),
        Meta::List(list) => Err(Error::new_spanned(
            &list.tokens,
            "this attribute takes no arguments: the options of a message belong in its own `#[message(…)]`",
        )),
        Meta::NameValue(pair) => Err(Error::new_spanned(
            pair,
            "this attribute takes no arguments",
        )),
    }
}

/// Allows the lints that advise another signature: the role of the method fixes
/// it.
pub(super) fn role_lints() -> Attribute {
    parse_quote! {
        #[allow(
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_ref_mut,
            clippy::needless_pass_by_value,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self,
            reason = "the signature of a handler or a hook"
        )]
    }
}
