//! Parses a method with an attribute of conclib, as a handler or a hook.

use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, Error, ImplItemFn, LitStr, ReturnType, Type, Visibility, parse_quote};

use super::one_thread::is_mobile;
use super::self_type::{mentions_self, used_generics, without_self};
use super::signature::{self, Opaque, Params};
use super::{Mistakes, batch, message_args};
use crate::model::{
    Actor, Handler, HandlerKind, Hook, Kind, Message, MessageArgs, Method, Reach, ReturnKind,
    Returns,
};

/// Parses `#[handler] fn name(&mut self, message: M, ctx) -> R`.
pub(super) fn declared(
    actor: &Actor,
    method: &ImplItemFn,
    mistakes: &mut Mistakes,
) -> Option<Handler> {
    let what = "a `#[handler]`";
    let params = signature::params(&method.sig, mistakes);
    if params.rest.len() != 1 {
        mistakes.at(
            method.sig.ident.span(),
            "a `#[handler]` takes one message, and the context last if it wants it; write `#[message]` for a method with parameters of its own",
        );
    }
    let message = &params.rest.first()?.ty;
    let message = match &**message {
        Type::Reference(borrow) => {
            mistakes.push(Error::new_spanned(
                message,
                "a `#[handler]` owns its message: take it without the `&`",
            ));
            &borrow.elem
        }
        message => {
            signature::is_owned(message, mistakes).then_some(())?;
            message
        }
    };
    let message = without_self(message, &actor.self_ty);
    signature::is_reply(&method.sig, mistakes);
    let returns = signature::returns(&method.sig);
    // Generic parameters of the method are unknown in the code that names the
    // message.
    let is_plain = method.sig.generics.params.is_empty();
    let kind = HandlerKind::Declared(Box::new(message));
    let handler = handler(actor, what, method, &params, returns, kind, false, mistakes);
    is_plain.then_some(handler)
}

/// Parses `#[message] fn name(&mut self, a: A, b: B, ctx) -> R`.
pub(super) fn own_message(
    actor: &Actor,
    method: &ImplItemFn,
    args: TokenStream,
    mistakes: &mut Mistakes,
) -> Handler {
    let args = message_args(args, mistakes);
    for (what, ty) in [("reply", &args.reply), ("error", &args.error)] {
        if let Some(ty) = ty {
            mistakes.push(Error::new_spanned(
                ty,
                format_args!("the {what} of a method is what the method returns: take `{what} = …` out and write it behind `->`"),
            ));
        }
    }
    let params = signature::params(&method.sig, mistakes);
    if let Some((span, _)) = &args.every
        && !params.rest.is_empty()
    {
        mistakes.at(
            *span,
            "a tick has no sender that fills parameters: take only `&mut self` and perhaps the context, and keep other data in the actor",
        );
    }
    let limits = batch::limits(actor, method, &args, &params, mistakes);
    let fields: Vec<_> = params
        .rest
        .iter()
        .filter_map(|param| {
            let field = signature::field(param, mistakes)?;
            is_mobile(&field.ty, mistakes).then_some(field)
        })
        .map(|mut param| {
            param.ty = without_self(&param.ty, &actor.self_ty);
            if let Some(one) = limits.and_then(|_| batch::one(&param.ty)) {
                param.ty = one.clone();
            }
            param
        })
        .collect();
    let returns = signature::returns(&method.sig);
    let concurrent = args.concurrent;
    check_concurrent(actor, method, concurrent, &params, mistakes);
    let is_plain =
        method.sig.generics.params.is_empty() && is_shareable(actor, method, &args, mistakes);
    let is_sound = is_plain && fields.len() == params.rest.len();
    let fields = if is_sound { fields } else { Vec::new() };
    let is_reply = signature::is_reply(&method.sig, mistakes)
        && signature::answer(&method.sig.output).is_none_or(|ty| is_mobile(ty, mistakes));
    let (mut reply, error) = if is_reply && is_plain {
        outcome(actor, &method.sig.output, returns.kind)
    } else {
        (parse_quote!(()), None)
    };
    if limits.is_some() {
        reply = batch::reply(&reply, mistakes).unwrap_or_else(|| parse_quote!(()));
    }
    let name = method.sig.ident.unraw();
    let types = fields.iter().map(|param| &param.ty);
    let ident = message_ident(actor, &name);
    let generics = used_generics(&actor.generics, types.chain([&reply]).chain(&error));
    let (_, ty_generics, _) = generics.split_for_impl();
    let message = Message {
        runtime: actor.runtime.clone(),
        self_ty: parse_quote!(#ident #ty_generics),
        ident,
        generics,
        name: args.name.unwrap_or_else(|| wire_name(actor, &name)),
        reply,
        error,
        reach: match (args.local.is_some() || !is_sound, args.wire.is_some()) {
            (true, _) => Reach::Local,
            (false, true) => Reach::Wire,
            (false, false) => Reach::ByParts,
        },
        priority: args.priority,
        hides: actor.kind != Kind::Protocol && matches!(method.vis, Visibility::Inherited),
        blame: returns.span,
    };
    let own = Method {
        message,
        vis: match &method.vis {
            // The visibility of a trait holds for all its methods.
            Visibility::Inherited if actor.kind != Kind::Protocol => parse_quote!(pub),
            vis => vis.clone(),
        },
        attrs: copied_attrs(&method.attrs),
        derive: args.derive.map(|(_, traits)| traits),
        params: fields,
        every: args.every.map(|(_, every)| every),
        unsound: if is_sound { 0 } else { params.rest.len() },
    };
    let kind = HandlerKind::Method(Box::new(own));
    let what = "a `#[message]`";
    let concurrent = concurrent.is_some();
    let handler = handler(
        actor, what, method, &params, returns, kind, concurrent, mistakes,
    );
    Handler {
        batch: limits,
        ..handler
    }
}

/// Checks that a handler which runs on after its turn does not borrow the
/// actor.
fn check_concurrent(
    actor: &Actor,
    method: &ImplItemFn,
    concurrent: Option<Span>,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) {
    let opaque = signature::opaque(&method.sig.output).map(|(opaque, _)| opaque);
    let is_async = method.sig.asyncness.is_some();
    if let Some(span) = concurrent {
        if actor.kind != Kind::Actor {
            mistakes.at(
                span,
                "a concurrent handler belongs to one actor: write `#[message(concurrent)]` in the `#[actor] impl`",
            );
        } else if is_async && let Some(this) = params.receiver {
            mistakes.push(Error::new_spanned(
                this,
                "a concurrent handler outlives its turn and cannot borrow the actor: leave `self` out, or write `fn …(&self, …) -> impl Future<Output = T>` and clone what it needs before its `async move { … }`",
            ));
        } else if is_async && let Some(ctx) = params.ctx {
            mistakes.at(
                ctx,
                "a concurrent handler outlives its turn and cannot borrow the context: write `fn …(&self, …, ctx: &mut Context<Self>) -> impl Future<Output = T>`, and use it before its `async move { … }`",
            );
        } else if !is_async && opaque != Some(Opaque::Future) {
            mistakes.at(
                method.sig.ident.span(),
                "a concurrent handler is a future: write `async fn` without `self`, or return `impl Future<Output = T>`",
            );
        }
    } else if opaque == Some(Opaque::Future) {
        mistakes.at(
            method.sig.ident.span(),
            "a handler that answers with a future runs beside the turns: say so with `#[message(concurrent)]`, or write `async fn`",
        );
    }
    if opaque == Some(Opaque::Stream) {
        if actor.kind != Kind::Actor {
            mistakes.at(
                method.sig.ident.span(),
                "a stream of replies belongs to one actor: write it in the `#[actor] impl`",
            );
        } else if is_async {
            mistakes.at(
                method.sig.ident.span(),
                "a handler that answers with a stream is no `async fn`: what it awaits belongs into the stream",
            );
        }
    }
}

/// Checks that a message of a protocol or a part uses nothing that only a
/// single actor has.
fn is_shareable(
    actor: &Actor,
    method: &ImplItemFn,
    args: &MessageArgs,
    mistakes: &mut Mistakes,
) -> bool {
    if actor.kind == Kind::Actor {
        return true;
    }
    if let Some((span, _)) = &args.every {
        mistakes.at(
            *span,
            "a tick belongs to one actor: write `#[message(every = …)]` in the `#[actor] impl`, and call this method there",
        );
    }
    if actor.kind == Kind::Part {
        return true;
    }
    let this = mentions_self(&method.sig);
    if let Some(span) = this {
        mistakes.at(
            span,
            "a message of a protocol is one type for all actors: name a type instead of `Self`",
        );
    }
    this.is_none()
}

fn message_ident(actor: &Actor, method: &Ident) -> Ident {
    let variant = signature::variant_name(method);
    format_ident!("{}{}", actor.ident, variant, span = method.span())
}

/// Default wire name of a method. The name of a part is in it, as two parts of
/// an actor may have methods of one name.
fn wire_name(actor: &Actor, method: &Ident) -> LitStr {
    let name = match actor.kind {
        Kind::Part => format!("{}.{method}", actor.ident.unraw()),
        Kind::Actor | Kind::Protocol => method.to_string(),
    };
    LitStr::new(&name, method.span())
}

/// Attributes of a method that are copied to the generated call.
pub(super) fn copied_attrs(attrs: &[Attribute]) -> Vec<Attribute> {
    let is_copied =
        |attr: &&Attribute| attr.path().is_ident("doc") || attr.path().is_ident("deprecated");
    attrs.iter().filter(is_copied).cloned().collect()
}

#[expect(clippy::too_many_arguments, reason = "each is a part of a handler")]
fn handler(
    actor: &Actor,
    what: &str,
    method: &ImplItemFn,
    params: &Params<'_>,
    returns: Returns,
    kind: HandlerKind,
    concurrent: bool,
    mistakes: &mut Mistakes,
) -> Handler {
    signature::check_plain(actor, what, &method.sig, mistakes);
    Handler {
        method: method.sig.ident.clone(),
        variant: signature::variant_name(&method.sig.ident.unraw()),
        is_async: method.sig.asyncness.is_some(),
        has_self: params.receiver.is_some(),
        concurrent,
        batch: None,
        shared: match concurrent {
            true if params.receiver.is_none() => None,
            _ => signature::receiver(what, &method.sig, params, mistakes),
        },
        ctx: params.ctx,
        returns,
        kind,
    }
}

/// Parameters of a hook besides the actor and the context.
#[derive(Clone, Copy)]
pub(super) enum HookParam {
    Nothing,
    /// Any type, by value: the arguments that the actor is made from.
    Args,
    /// Either this type or nothing.
    Optional(&'static str),
    Required(&'static str),
}

pub(super) fn hook(
    actor: &Actor,
    what: &str,
    method: &ImplItemFn,
    takes: HookParam,
    mistakes: &mut Mistakes,
) -> Hook {
    let params = signature::params(&method.sig, mistakes);
    signature::check_plain(actor, what, &method.sig, mistakes);
    if matches!(takes, HookParam::Args) {
        if let Some(this) = params.receiver {
            mistakes.push(Error::new_spanned(
                this,
                "`#[on(create)]` makes the actor, so there is no `self` yet: take what it is made from, and return `Self`",
            ));
        }
    } else {
        signature::receiver(what, &method.sig, &params, mistakes);
    }
    let param = hook_param(what, method, takes, &params, mistakes);
    Hook {
        method: method.sig.ident.clone(),
        is_async: method.sig.asyncness.is_some(),
        param: param.map(|ty| without_self(&ty, &actor.self_ty)),
        ctx: params.ctx,
        returns: signature::returns(&method.sig),
    }
}

fn hook_param(
    what: &str,
    method: &ImplItemFn,
    takes: HookParam,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) -> Option<Type> {
    let mut rest = params.rest.iter().map(|param| &param.ty);
    let first = rest.next();
    let surplus = match takes {
        HookParam::Nothing => first,
        _ => rest.next(),
    };
    if let Some(surplus) = surplus {
        let takes = match takes {
            HookParam::Nothing => "nothing but the context".to_owned(),
            HookParam::Args => "one value, which may be a tuple, and the context last".to_owned(),
            HookParam::Optional(this) | HookParam::Required(this) => {
                format!("`{this}`, and the context last if it wants it")
            }
        };
        mistakes.push(Error::new_spanned(
            surplus,
            format_args!("{what} takes {takes}"),
        ));
        return None;
    }
    match (takes, first) {
        (HookParam::Args, Some(ty)) => signature::is_owned(ty, mistakes).then(|| (**ty).clone()),
        (HookParam::Required(this), None) => {
            mistakes.at(
                method.sig.ident.span(),
                format_args!("{what} takes `{this}`: add it as the parameter"),
            );
            None
        }
        (HookParam::Optional(this) | HookParam::Required(this), Some(ty)) => {
            // Reports `&StopReason` instead of `StopReason`, or the other way
            // round.
            if this.contains('&') != matches!(**ty, Type::Reference(_)) {
                mistakes.push(Error::new_spanned(
                    ty,
                    format_args!("{what} takes `{this}`"),
                ));
            }
            Some((**ty).clone())
        }
        (_, None) | (HookParam::Nothing, Some(_)) => None,
    }
}

/// Reply and error types of a method.
fn outcome(actor: &Actor, output: &ReturnType, kind: ReturnKind) -> (Type, Option<Type>) {
    let runtime = &actor.runtime;
    let ty = match (signature::opaque(output), output) {
        (Some((Opaque::Stream, item)), _) => {
            let item = without_self(item, &actor.self_ty);
            return (parse_quote!(#runtime::Items<#item>), None);
        }
        (Some((Opaque::Future, ty)), _) => without_self(ty, &actor.self_ty),
        (None, ReturnType::Type(_, ty)) => without_self(ty, &actor.self_ty),
        (None, ReturnType::Default) => return (parse_quote!(()), None),
    };
    let args = signature::type_args(&ty);
    match (kind, args.as_slice()) {
        (ReturnKind::Value, _) => (ty, None),
        (_, [reply, error]) => ((*reply).clone(), Some((*error).clone())),
        (ReturnKind::Deferred, [reply]) => ((*reply).clone(), None),
        // For an alias only the compiler knows the type behind it.
        _ => (
            parse_quote!(<#ty as #runtime::__private::Outcome>::Reply),
            Some(parse_quote!(<#ty as #runtime::__private::Outcome>::Error)),
        ),
    }
}
