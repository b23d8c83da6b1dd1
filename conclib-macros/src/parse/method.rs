//! A method with one of our attributes, as a handler or a hook.

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, Error, ImplItemFn, LitStr, ReturnType, Type, Visibility, parse_quote};

use super::signature::{self, Params};
use super::this::{named, used_generics};
use super::{Mistakes, message_args};
use crate::model::{Actor, Handler, HandlerKind, Hook, Message, Method, ReturnKind, Returns};

/// `#[handler] fn name(&mut self, message: M, ctx) -> R`.
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
            signature::owned(message, mistakes).then_some(())?;
            message
        }
    };
    let message = named(message, &actor.self_ty);
    signature::replies(&method.sig, mistakes);
    let returns = signature::returns(&method.sig);
    // Its own generic parameters would be unknown where the message is named.
    let is_plain = method.sig.generics.params.is_empty();
    let kind = HandlerKind::Declared(Box::new(message));
    let handler = handler(what, method, &params, returns, kind, mistakes);
    is_plain.then_some(handler)
}

/// `#[message] fn name(&mut self, a: A, b: B, ctx) -> R`.
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
            "a message that comes by itself has nobody to fill its parameters: take `&mut self` and perhaps the context, and keep the rest in the actor",
        );
    }
    let fields: Vec<_> = params
        .rest
        .iter()
        .filter_map(|param| signature::field(param, mistakes))
        .map(|mut param| {
            param.ty = named(&param.ty, &actor.self_ty);
            param
        })
        .collect();
    let returns = signature::returns(&method.sig);
    let is_plain = method.sig.generics.params.is_empty();
    let is_sound = is_plain && fields.len() == params.rest.len();
    let fields = if is_sound { fields } else { Vec::new() };
    let (reply, error) = if signature::replies(&method.sig, mistakes) && is_plain {
        outcome(actor, &method.sig.output, returns.kind)
    } else {
        (parse_quote!(()), None)
    };
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
        name: args
            .name
            .unwrap_or_else(|| LitStr::new(&name.to_string(), name.span())),
        reply,
        error,
        local: args.local.is_some() || !is_sound,
        priority: args.priority,
        blame: returns.span,
    };
    let own = Method {
        message,
        vis: match &method.vis {
            Visibility::Inherited => parse_quote!(pub),
            vis => vis.clone(),
        },
        attrs: method
            .attrs
            .iter()
            .filter(|at| is_told(at))
            .cloned()
            .collect(),
        params: fields,
        every: args.every.map(|(_, every)| every),
        unsound: if is_sound { 0 } else { params.rest.len() },
    };
    let kind = HandlerKind::Method(Box::new(own));
    handler("a `#[message]`", method, &params, returns, kind, mistakes)
}

fn message_ident(actor: &Actor, method: &Ident) -> Ident {
    let variant = signature::camel(method);
    format_ident!("{}{}", actor.ident, variant, span = method.span())
}

/// What is said of a method and is as true of a call of it.
fn is_told(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc") || attribute.path().is_ident("deprecated")
}

fn handler(
    what: &str,
    method: &ImplItemFn,
    params: &Params<'_>,
    returns: Returns,
    kind: HandlerKind,
    mistakes: &mut Mistakes,
) -> Handler {
    signature::plain(what, &method.sig, mistakes);
    Handler {
        method: method.sig.ident.clone(),
        variant: signature::camel(&method.sig.ident.unraw()),
        is_async: method.sig.asyncness.is_some(),
        shared: signature::receiver(what, &method.sig, params, mistakes),
        ctx: params.ctx,
        returns,
        kind,
    }
}

/// What a hook takes besides the actor and the context.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Nothing,
    /// Anything, by value: what the actor is made from.
    Args,
    /// This, or nothing.
    Perhaps(&'static str),
    This(&'static str),
}

pub(super) fn hook(
    actor: &Actor,
    what: &str,
    method: &ImplItemFn,
    takes: Takes,
    mistakes: &mut Mistakes,
) -> Hook {
    let params = signature::params(&method.sig, mistakes);
    signature::plain(what, &method.sig, mistakes);
    if matches!(takes, Takes::Args) {
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
        param: param.map(|ty| named(&ty, &actor.self_ty)),
        ctx: params.ctx,
        returns: signature::returns(&method.sig),
    }
}

fn hook_param(
    what: &str,
    method: &ImplItemFn,
    takes: Takes,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) -> Option<Type> {
    let mut rest = params.rest.iter().map(|param| &param.ty);
    let first = rest.next();
    let surplus = match takes {
        Takes::Nothing => first,
        _ => rest.next(),
    };
    if let Some(surplus) = surplus {
        let takes = match takes {
            Takes::Nothing => "nothing but the context".to_owned(),
            Takes::Args => "one value, which may be a tuple, and the context last".to_owned(),
            Takes::Perhaps(this) | Takes::This(this) => {
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
        (Takes::Args, Some(ty)) => signature::owned(ty, mistakes).then(|| (**ty).clone()),
        (Takes::This(this), None) => {
            mistakes.at(
                method.sig.ident.span(),
                format_args!("{what} takes `{this}`: add it as the parameter"),
            );
            None
        }
        (Takes::Perhaps(this) | Takes::This(this), Some(ty)) => {
            // `&StopReason` for `StopReason`, or the other way round.
            if this.contains('&') != matches!(**ty, Type::Reference(_)) {
                mistakes.push(Error::new_spanned(
                    ty,
                    format_args!("{what} takes `{this}`"),
                ));
            }
            Some((**ty).clone())
        }
        (_, None) | (Takes::Nothing, Some(_)) => None,
    }
}

/// The reply and the error of what a method returns.
fn outcome(actor: &Actor, output: &ReturnType, kind: ReturnKind) -> (Type, Option<Type>) {
    let ReturnType::Type(_, ty) = output else {
        return (parse_quote!(()), None);
    };
    let ty = named(ty, &actor.self_ty);
    let runtime = &actor.runtime;
    let args = signature::type_args(&ty);
    match (kind, args.as_slice()) {
        (ReturnKind::Value, _) => (ty, None),
        (_, [reply, error]) => ((*reply).clone(), Some((*error).clone())),
        (ReturnKind::Deferred, [reply]) => ((*reply).clone(), None),
        // An alias: only the compiler knows what is behind it.
        _ => (
            parse_quote!(<#ty as #runtime::__private::Outcome>::Reply),
            Some(parse_quote!(<#ty as #runtime::__private::Outcome>::Error)),
        ),
    }
}
