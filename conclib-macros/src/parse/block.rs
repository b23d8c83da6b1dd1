//! Parses an `#[actor] impl` into a model. The attributes of conclib are
//! removed from the methods; nothing else in the block changes.

use proc_macro2::Span;
use syn::{Error, ImplItem, ImplItemFn, ItemImpl};

use super::method::{self, HookParam};
use super::role::{self, Moment, Role, role_lints};
use super::{Mistakes, make_static, part, signature};
use crate::model::{Actor, Hook, ImplArgs};

/// Returns `None` if the block is not one of an actor. The attributes of
/// conclib are removed also then: the compiler would report them again.
pub(crate) fn actor_impl(
    args: ImplArgs,
    block: &mut ItemImpl,
    mistakes: &mut Mistakes,
) -> Option<Actor> {
    let runtime = args.runtime.clone();
    let mut actor = head(args, block, mistakes);
    let generics = &block.generics;
    block.items.retain_mut(|item| {
        let ImplItem::Fn(method) = item else {
            return true;
        };
        let role = role::take(method, &runtime, mistakes);
        if role.is_some() {
            method.attrs.push(role_lints());
            signature::add_capture(&mut method.sig, generics);
        }
        match (&mut actor, role) {
            (Some(actor), Some((role, span))) => add(actor, method, role, span, mistakes),
            // The trait of the block has no such method.
            (None, Some(_)) => return false,
            (_, None) => {}
        }
        true
    });
    actor
}

fn head(args: ImplArgs, block: &ItemImpl, mistakes: &mut Mistakes) -> Option<Actor> {
    if let Some((path, _)) = &block.trait_ {
        mistakes.push(Error::new_spanned(
            path,
            "`#[actor]` goes on the actor's own `impl Type { … }`, not on an impl of a trait",
        ));
        return None;
    }
    let Some(name) = signature::last_segment(&block.self_ty) else {
        mistakes.push(Error::new_spanned(
            &block.self_ty,
            "an actor is a struct or an enum with a name",
        ));
        return None;
    };
    let mut actor = Actor::new(
        args.runtime,
        name.ident.clone(),
        (*block.self_ty).clone(),
        block.generics.clone(),
    );
    actor.protocols = args.protocols;
    actor.thread = args.thread;
    // The expansion of `#[actor]` on the struct reports its lifetimes.
    make_static(&mut actor.generics, &mut actor.self_ty);
    Some(actor)
}

fn add(actor: &mut Actor, method: &ImplItemFn, role: Role, span: Span, mistakes: &mut Mistakes) {
    match role {
        Role::Handler => {
            let handler = method::declared(actor, method, mistakes);
            actor.handlers.extend(handler);
        }
        Role::Message(args) => {
            let handler = method::own_message(actor, method, args, mistakes);
            actor.handlers.push(handler);
        }
        Role::Part => actor
            .parts
            .extend(part::part_method(actor, method, span, mistakes)),
        Role::Fallback => {
            let what = "the `#[fallback]`";
            let takes = HookParam::Required("request: RequestEnvelope");
            let hook = method::hook(actor, what, method, takes, mistakes);
            set(&mut actor.fallback, hook, what, span, mistakes);
        }
        Role::On(moment) => {
            let (what, takes) = match moment {
                Moment::Create => ("`#[on(create)]`", HookParam::Args),
                Moment::Start => ("`#[on(start)]`", HookParam::Nothing),
                Moment::Stop => ("`#[on(stop)]`", HookParam::Optional("reason: &StopReason")),
                Moment::Error => ("`#[on(error)]`", HookParam::Optional("error: HandlerError")),
                Moment::Child => ("`#[on(child)]`", HookParam::Optional("exit: ChildExit")),
                Moment::Gone => ("`#[on(gone)]`", HookParam::Optional("gone: Gone")),
                Moment::Idle(_) => ("`#[on(idle = …)]`", HookParam::Nothing),
            };
            let hook = method::hook(actor, what, method, takes, mistakes);
            let slot = match moment {
                Moment::Create => &mut actor.create,
                Moment::Start => &mut actor.start,
                Moment::Stop => &mut actor.stop,
                Moment::Error => &mut actor.error,
                Moment::Child => &mut actor.child,
                Moment::Gone => &mut actor.gone,
                Moment::Idle(after) => {
                    let mut slot = actor.idle.take().map(|(_, hook)| hook);
                    set(&mut slot, hook, what, span, mistakes);
                    actor.idle = slot.map(|hook| (after, hook));
                    return;
                }
            };
            set(slot, hook, what, span, mistakes);
        }
    }
}

fn set(slot: &mut Option<Hook>, hook: Hook, what: &str, span: Span, mistakes: &mut Mistakes) {
    if let Some(first) = slot {
        mistakes.at(
            span,
            format_args!(
                "{what} is there already, as `{}`: an actor has one",
                first.method
            ),
        );
    } else {
        *slot = Some(hook);
    }
}
