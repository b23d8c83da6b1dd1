//! Parses a `#[part] impl` as the model of an actor that has only messages, and
//! the methods of an actor that lead to its parts.

use proc_macro2::Span;
use syn::{
    Error, ImplItem, ImplItemFn, ItemImpl, Path, ReceiverKind, ReturnType, Type, parse_quote,
};

use super::role::{self, Role, role_lints};
use super::self_type::{used_generics, without_self};
use super::{Mistakes, method, signature};
use crate::model::{Actor, Kind, Part};

/// Returns `None` if the block cannot be one of a part. The attributes of
/// conclib are removed also then.
pub(crate) fn part_impl(
    runtime: &Path,
    block: &mut ItemImpl,
    mistakes: &mut Mistakes,
) -> Option<Actor> {
    let mut part = head(runtime, block, mistakes);
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else {
            continue;
        };
        let Some((role, span)) = role::take(method, runtime, mistakes) else {
            continue;
        };
        method.attrs.push(role_lints());
        let Role::Message(args) = role else {
            mistakes.at(
                span,
                "a part has only messages: hooks, `#[handler]`, `#[fallback]` and other parts belong in the `#[actor] impl`",
            );
            continue;
        };
        let Some(part) = &mut part else {
            continue;
        };
        if let Some(ctx) = signature::context(&method.sig) {
            mistakes.at(
                ctx,
                "the context is the actor's, and its parts have none: write this method in the `#[actor] impl`",
            );
            // Removes the parameter, so that the compiler does not report it
            // again.
            method.sig.inputs.pop();
            method.block = parse_quote!({ ::core::unimplemented!() });
        }
        let handler = method::own_message(part, method, args, mistakes);
        part.handlers.push(handler);
    }
    part
}

fn head(runtime: &Path, block: &ItemImpl, mistakes: &mut Mistakes) -> Option<Actor> {
    if let Some((path, _)) = &block.trait_ {
        mistakes.push(Error::new_spanned(
            path,
            "`#[part]` goes on the own `impl Type { … }` of a value inside an actor, not on an impl of a trait",
        ));
        return None;
    }
    if let Some(param) = block.generics.params.first() {
        mistakes.push(Error::new_spanned(
            param,
            "the messages of a part are the same in every actor, so it has no parameters: name the types",
        ));
        return None;
    }
    let Some(name) = signature::last_segment(&block.self_ty) else {
        mistakes.push(Error::new_spanned(
            &block.self_ty,
            "a part is a struct or an enum with a name",
        ));
        return None;
    };
    let (ident, self_ty) = (name.ident.clone(), (*block.self_ty).clone());
    let mut part = Actor::new(runtime.clone(), ident, self_ty, block.generics.clone());
    part.kind = Kind::Part;
    Some(part)
}

/// Parses `#[part] fn playback(&mut self) -> &mut Playback`.
pub(super) fn part_method(
    actor: &Actor,
    written: &ImplItemFn,
    span: Span,
    mistakes: &mut Mistakes,
) -> Option<Part> {
    const SHAPE: &str = "a `#[part]` method returns a value inside the actor: write `fn name(&mut self) -> &mut Type`";
    let sig = &written.sig;
    let receiver = sig.receiver();
    let is_plain = sig.generics.params.is_empty()
        && sig.asyncness.is_none()
        && sig.inputs.len() == 1
        && receiver.is_some_and(|this| matches!(this.kind, ReceiverKind::Reference(_, _, Some(_))));
    let ty = match &sig.output {
        ReturnType::Type(_, ty) => match &**ty {
            Type::Reference(to) if to.mutability.is_some() => Some(&to.elem),
            _ => None,
        },
        ReturnType::Default => None,
    };
    let (true, Some(ty)) = (is_plain, ty) else {
        mistakes.at(span, SHAPE);
        return None;
    };
    let ty = without_self(ty, &actor.self_ty);
    if !used_generics(&actor.generics, [&ty]).params.is_empty() {
        mistakes.push(Error::new_spanned(
            ty,
            "the messages of a part are the same in every actor, so its type has no parameters: name the types",
        ));
        return None;
    }
    Some(Part {
        method: sig.ident.clone(),
        ty,
        attrs: method::copied_attrs(&written.attrs),
    })
}
