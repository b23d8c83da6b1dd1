//! Handlers that handle several requests in one turn.

use syn::spanned::Spanned;
use syn::{Error, ImplItemFn, Type};

use super::Mistakes;
use super::signature::{self, Params};
use crate::model::{Actor, Batch, Kind, MessageArgs, ReturnKind};

/// Reads `batch = …` and `within = …`, and checks that the method is one for them.
pub(super) fn limits(
    actor: &Actor,
    method: &ImplItemFn,
    args: &MessageArgs,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) -> Option<Batch> {
    let Some(size) = &args.batch else {
        if let Some((span, _)) = args.within {
            mistakes.at(
                span,
                "`within` is the time that a batch waits for more requests: add `batch = 32`",
            );
        }
        return None;
    };
    let limit = size.base10_parse().ok().filter(|limit| *limit > 1);
    if limit.is_none() {
        mistakes.at(
            size.span(),
            "a batch has two requests or more: write `batch = 32`",
        );
    }
    let returned = signature::returns(&method.sig).kind;
    let wrong = if actor.kind != Kind::Actor {
        "a batch belongs to one actor: write `#[message(batch = …)]` in the `#[actor] impl`"
    } else if args.concurrent.is_some() {
        "a batch is handled in a turn of its own: leave out `batch` or `concurrent`"
    } else if args.every.is_some() {
        "a tick has no senders, and so no batch: leave out `batch` or `every`"
    } else if matches!(returned, ReturnKind::Deferred | ReturnKind::Stream) {
        "a batch is answered when its turn ends: return `Vec<R>`, with one reply for each request"
    } else if !matches!(params.rest.as_slice(), [param] if one(&param.ty).is_some()) {
        let text = "a batch has one parameter for all its requests: write `requests: Vec<T>`, and a caller gives one `T`";
        mistakes.at(method.sig.ident.span(), text);
        return None;
    } else {
        let within = args.within.map(|(_, within)| within).unwrap_or_default();
        // A wrong size is reported, and the rest expanded with another.
        let size = limit.unwrap_or(2);
        return Some(Batch { size, within });
    };
    mistakes.at(size.span(), wrong);
    None
}

/// Type of the parameter for one request: the `T` of a `Vec<T>`.
pub(super) fn one(ty: &Type) -> Option<&Type> {
    let last = signature::last_segment(ty)?;
    match signature::type_args(ty).as_slice() {
        [one] if last.ident == "Vec" => Some(*one),
        _ => None,
    }
}

/// Type of the reply to one request, from that of all.
pub(super) fn reply(all: &Type, mistakes: &mut Mistakes) -> Option<Type> {
    let of = match all {
        // Reply of an alias for `Result`.
        Type::Path(path) => path
            .qself
            .as_ref()
            .and_then(|alias| signature::type_args(&alias.ty).first().copied())
            .unwrap_or(all),
        _ => all,
    };
    match of {
        Type::Tuple(nothing) if nothing.elems.is_empty() => Some(of.clone()),
        _ => one(of).cloned().or_else(|| {
            mistakes.push(Error::new(
                of.span(),
                "a batch has one reply for each request: return `Vec<R>`, or nothing, or a `Result` of either",
            ));
            None
        }),
    }
}
