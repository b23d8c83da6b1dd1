//! What the signature of a method says.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Ident, Pat, PathArguments, Receiver, ReceiverKind, ReturnType,
    Safety, Signature, Type,
};

use super::Mistakes;
use crate::model::Returns;

/// The parameters of a method, in their parts.
pub(super) struct Params<'a> {
    pub(super) receiver: Option<&'a Receiver>,
    /// All but the receiver and the context.
    pub(super) rest: Vec<&'a syn::PatType>,
    pub(super) takes_ctx: bool,
}

pub(super) fn params(signature: &Signature) -> Params<'_> {
    let mut receiver = None;
    let mut rest = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(this) => receiver = Some(this),
            FnArg::Typed(typed) => rest.push(typed),
        }
    }
    let takes_ctx = rest.last().is_some_and(|last| is_context(&last.ty));
    if takes_ctx {
        rest.pop();
    }
    Params {
        receiver,
        rest,
        takes_ctx,
    }
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if last_segment(&reference.elem).is_some_and(|last| last.ident == "Context"))
}

/// The last segment of a path: all that tokens can tell of a type.
pub(super) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// `&mut self`, or where it is `&self`. Anything else is a mistake.
pub(super) fn receiver(
    what: &str,
    signature: &Signature,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) -> Option<Option<Span>> {
    let Some(this) = params.receiver else {
        mistakes.push(Error::new(
            signature.ident.span(),
            format!("{what} works on its actor: give it `&mut self` as its first parameter"),
        ));
        return None;
    };
    match &this.kind {
        ReceiverKind::Reference(_, _, mutability) => {
            Some(mutability.is_none().then(|| this.span()))
        }
        _ => {
            mistakes.push(Error::new(
                this.span(),
                format!("{what} borrows its actor, which lives on: write `&mut self`"),
            ));
            None
        }
    }
}

/// A handler has no parameters of its own but values.
pub(super) fn plain(what: &str, signature: &Signature, mistakes: &mut Mistakes) {
    if !signature.generics.params.is_empty() {
        mistakes.push(Error::new(
            signature.generics.span(),
            format!(
                "{what} has no generic parameters: its message is one type; put them on the `impl`"
            ),
        ));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        mistakes.push(Error::new(
            token.span(),
            format!("{what} is called by the library and cannot be `unsafe`"),
        ));
    }
}

pub(super) fn returns(signature: &Signature, mistakes: &mut Mistakes) -> Returns {
    let ReturnType::Type(_, ty) = &signature.output else {
        return Returns::Value(ReturnType::Default);
    };
    if let Type::ImplTrait(opaque) = &**ty {
        mistakes.push(Error::new(
            opaque.span(),
            "a handler returns a type with a name: a value, a `Result` or a `Deferred`",
        ));
        return Returns::Value(ReturnType::Default);
    }
    match last_segment(ty) {
        Some(last) if last.ident == "Result" => Returns::Result((**ty).clone()),
        Some(last) if last.ident == "Deferred" => Returns::Deferred((**ty).clone()),
        _ => Returns::Value(signature.output.clone()),
    }
}

/// The types between the angle brackets of the last segment.
pub(super) fn type_args(ty: &Type) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(args)) = last_segment(ty).map(|last| &last.arguments)
    else {
        return Vec::new();
    };
    args.args
        .iter()
        .filter_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// The name of a parameter that becomes a field.
pub(super) fn field(param: &syn::PatType, mistakes: &mut Mistakes) -> Option<(Ident, Type)> {
    if let Some(span) = borrowed(&param.ty) {
        mistakes.push(Error::new(
            span,
            "a message owns its parts, as it outlives the call: take `String` for `&str`, `Vec<T>` for `&[T]`, `T` for `&T`",
        ));
        return None;
    }
    if let Type::ImplTrait(opaque) = &*param.ty {
        mistakes.push(Error::new(
            opaque.span(),
            "a parameter becomes a field of the message and needs a type with a name",
        ));
        return None;
    }
    match &*param.pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            Some((name.ident.clone(), (*param.ty).clone()))
        }
        pattern => {
            mistakes.push(Error::new(
                pattern.span(),
                "a parameter becomes a field of the message and needs a plain name; for a pattern, declare the message and write `#[handler]`",
            ));
            None
        }
    }
}

/// Where a type borrows.
fn borrowed(ty: &Type) -> Option<Span> {
    match ty {
        Type::Reference(reference) => Some(reference.span()),
        _ => None,
    }
}
