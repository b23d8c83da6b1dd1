//! An `#[actor] impl` as a model. The attributes that are ours are taken off
//! the methods; the block stays what it was otherwise.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Generics, ImplItem, ImplItemFn, ItemImpl, LitStr, Meta, Path, Token, Type,
    Visibility, parse_quote,
};

use super::signature::{self, Params};
use super::{Mistakes, message_args};
use crate::model::{Actor, Handler, HandlerKind, Hook, Message, Method, Returns};

/// What an attribute makes of a method.
enum Role {
    Handler,
    Message(proc_macro2::TokenStream),
    On(Ident),
    Fallback,
}

pub(crate) fn actor_impl(
    runtime: Path,
    block: &mut ItemImpl,
    mistakes: &mut Mistakes,
) -> Option<Actor> {
    if let Some((path, _)) = &block.trait_ {
        mistakes.push(Error::new(
            path.span(),
            "`#[actor]` goes on the actor's own `impl Type { … }`, not on a trait of it",
        ));
        return None;
    }
    for lifetime in block.generics.lifetimes() {
        mistakes.push(Error::new(
            lifetime.span(),
            "an actor outlives whoever spawned it and cannot borrow: own the data, or share it in an `Arc`",
        ));
    }
    let Some(name) = signature::last_segment(&block.self_ty).map(|last| last.ident.clone()) else {
        mistakes.push(Error::new(
            block.self_ty.span(),
            "an actor is a struct or an enum with a name",
        ));
        return None;
    };
    let mut actor = Actor {
        runtime,
        ident: name,
        self_ty: (*block.self_ty).clone(),
        generics: block.generics.clone(),
        handlers: Vec::new(),
        create: None,
        start: None,
        stop: None,
        error: None,
        fallback: None,
    };
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && let Some((role, span)) = take_role(method, mistakes)
        {
            add(&mut actor, method, role, span, mistakes);
        }
    }
    Some(actor)
}

/// Takes our attributes off a method; more than one of them is a mistake.
fn take_role(method: &mut ImplItemFn, mistakes: &mut Mistakes) -> Option<(Role, Span)> {
    let mut role = None;
    method.attrs.retain(|attribute| {
        let Some(found) = role_of(attribute, mistakes) else {
            return true;
        };
        if role.is_some() {
            mistakes.push(Error::new(
                attribute.span(),
                "a method is one thing: a `#[message]`, a `#[handler]`, a hook `#[on(…)]` or the `#[fallback]`",
            ));
        } else {
            role = Some((found, attribute.span()));
        }
        false
    });
    role
}

fn role_of(attribute: &Attribute, mistakes: &mut Mistakes) -> Option<Role> {
    // `#[conclib::message]` is as good as `#[message]`.
    let name = attribute.path().segments.last()?.ident.to_string();
    let ours = attribute.path().segments.len() == 1
        || attribute
            .path()
            .segments
            .first()
            .is_some_and(|first| first.ident == "conclib");
    match (ours, name.as_str()) {
        (true, "handler") => Some(Role::Handler),
        (true, "fallback") => Some(Role::Fallback),
        (true, "message") => Some(Role::Message(match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => proc_macro2::TokenStream::new(),
        })),
        (true, "on") => mistakes
            .ok(attribute
                .parse_args::<Ident>()
                .map_err(|_| hooks(attribute.span())))
            .map(Role::On)
            .or(Some(Role::On(Ident::new("_none", attribute.span())))),
        _ => None,
    }
}

fn hooks(span: Span) -> Error {
    Error::new(
        span,
        "a hook is one of `#[on(create)]`, `#[on(start)]`, `#[on(stop)]` and `#[on(error)]`",
    )
}

fn add(actor: &mut Actor, method: &ImplItemFn, role: Role, span: Span, mistakes: &mut Mistakes) {
    match role {
        Role::Handler => {
            let handler = declared(method, mistakes);
            actor.handlers.extend(handler);
        }
        Role::Message(args) => {
            let handler = own_message(actor, method, args, mistakes);
            actor.handlers.extend(handler);
        }
        Role::Fallback => {
            let hook = hook("the fallback", method, true, mistakes);
            set(&mut actor.fallback, hook, "#[fallback]", span, mistakes);
        }
        Role::On(name) => {
            let (slot, what) = match name.to_string().as_str() {
                "create" => (&mut actor.create, "#[on(create)]"),
                "start" => (&mut actor.start, "#[on(start)]"),
                "stop" => (&mut actor.stop, "#[on(stop)]"),
                "error" => (&mut actor.error, "#[on(error)]"),
                "_none" => return,
                _ => return mistakes.push(hooks(name.span())),
            };
            let hook = hook(what, method, name != "create", mistakes);
            set(slot, hook, what, span, mistakes);
        }
    }
}

fn set(
    slot: &mut Option<Hook>,
    hook: Option<Hook>,
    what: &str,
    span: Span,
    mistakes: &mut Mistakes,
) {
    if slot.is_some() {
        mistakes.push(Error::new(
            span,
            format!("an actor has one `{what}`: this is the second"),
        ));
    } else {
        *slot = hook;
    }
}

/// `#[handler] fn name(&mut self, message: M, ctx) -> R`.
fn declared(method: &ImplItemFn, mistakes: &mut Mistakes) -> Option<Handler> {
    let params = signature::params(&method.sig);
    let [message] = params.rest.as_slice() else {
        mistakes.push(Error::new(
            method.sig.ident.span(),
            "a `#[handler]` takes one message, and the context last if it wants it; write `#[message]` for a method with parameters of its own",
        ));
        return None;
    };
    let message = (*message.ty).clone();
    handler(
        "a `#[handler]`",
        method,
        &params,
        HandlerKind::Declared(Box::new(message)),
        mistakes,
    )
}

/// `#[message] fn name(&mut self, a: A, b: B, ctx) -> R`.
fn own_message(
    actor: &Actor,
    method: &ImplItemFn,
    args: proc_macro2::TokenStream,
    mistakes: &mut Mistakes,
) -> Option<Handler> {
    let args = message_args(args, mistakes);
    for (what, ty) in [("reply", &args.reply), ("error", &args.error)] {
        if let Some(ty) = ty {
            mistakes.push(Error::new(
                ty.span(),
                format!("the `{what}` of a method is what the method returns: take it out here"),
            ));
        }
    }
    let signature = &method.sig;
    let params = signature::params(signature);
    let fields: Vec<_> = params
        .rest
        .iter()
        .filter_map(|param| signature::field(param, mistakes))
        .map(|(name, mut ty)| {
            this_type(&mut ty, &actor.self_ty);
            (name, ty)
        })
        .collect();
    let mut returns = signature::returns(signature, mistakes);
    let (reply, error) = outcome(&mut returns, &actor.self_ty, &actor.runtime);
    let plain_name = signature.ident.unraw();
    let generics = used_generics(&actor.generics, &fields, &reply, error.as_ref());
    let message = Message {
        runtime: actor.runtime.clone(),
        ident: format_ident!(
            "{}{}",
            actor.ident,
            camel(&plain_name),
            span = signature.ident.span()
        ),
        generics,
        name: args
            .name
            .unwrap_or_else(|| LitStr::new(&plain_name.to_string(), signature.ident.span())),
        reply,
        error,
        local: args.local.is_some(),
    };
    if let Some((span, _)) = &args.every
        && !params.rest.is_empty()
    {
        mistakes.push(Error::new(
            *span,
            "a message that comes by itself has nobody to fill its parameters: take only `&mut self` and the context",
        ));
    }
    let docs = method
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .cloned();
    let own = Method {
        message,
        vis: match &method.vis {
            Visibility::Inherited => parse_quote!(pub),
            vis => vis.clone(),
        },
        docs: docs.collect(),
        params: fields,
        every: args.every.map(|(_, every)| every),
    };
    handler(
        "a `#[message]`",
        method,
        &params,
        HandlerKind::Method(Box::new(own)),
        mistakes,
    )
}

fn handler(
    what: &str,
    method: &ImplItemFn,
    params: &Params<'_>,
    kind: HandlerKind,
    mistakes: &mut Mistakes,
) -> Option<Handler> {
    signature::plain(what, &method.sig, mistakes);
    let shared = signature::receiver(what, &method.sig, params, mistakes)?;
    Some(Handler {
        method: method.sig.ident.clone(),
        variant: camel(&method.sig.ident.unraw()),
        is_async: method.sig.asyncness.is_some(),
        shared,
        takes_ctx: params.takes_ctx,
        // What is wrong with it was told when the message was made.
        returns: signature::returns(&method.sig, &mut Mistakes::default()),
        kind,
    })
}

fn hook(what: &str, method: &ImplItemFn, on_self: bool, mistakes: &mut Mistakes) -> Option<Hook> {
    let params = signature::params(&method.sig);
    signature::plain(what, &method.sig, mistakes);
    if on_self {
        signature::receiver(what, &method.sig, &params, mistakes)?;
    } else if let Some(this) = params.receiver {
        mistakes.push(Error::new(
            this.span(),
            "`#[on(create)]` makes the actor, so there is no `self` yet: take what it is made from",
        ));
        return None;
    }
    if let Some(second) = params.rest.get(1) {
        mistakes.push(Error::new(
            second.span(),
            format!("{what} takes one value at most, and the context last if it wants it"),
        ));
        return None;
    }
    Some(Hook {
        method: method.sig.ident.clone(),
        is_async: method.sig.asyncness.is_some(),
        param: params.rest.first().map(|param| (*param.ty).clone()),
        takes_ctx: params.takes_ctx,
        is_result: matches!(
            signature::returns(&method.sig, mistakes),
            Returns::Result(_)
        ),
    })
}

/// The reply and the error of what a method returns.
fn outcome(returns: &mut Returns, self_ty: &Type, runtime: &Path) -> (Type, Option<Type>) {
    match returns {
        Returns::Value(syn::ReturnType::Default) => (parse_quote!(()), None),
        Returns::Value(syn::ReturnType::Type(_, ty)) => {
            this_type(ty, self_ty);
            ((**ty).clone(), None)
        }
        Returns::Result(ty) => {
            this_type(ty, self_ty);
            match signature::type_args(ty).as_slice() {
                [reply, error] => ((*reply).clone(), Some((*error).clone())),
                // An alias: only the compiler knows what is behind it.
                _ => (
                    parse_quote!(<#ty as #runtime::__private::Outcome>::Reply),
                    Some(parse_quote!(<#ty as #runtime::__private::Outcome>::Error)),
                ),
            }
        }
        Returns::Deferred(ty) => {
            this_type(ty, self_ty);
            match signature::type_args(ty).as_slice() {
                [reply, error] => ((*reply).clone(), Some((*error).clone())),
                [reply] => ((*reply).clone(), None),
                _ => (parse_quote!(()), None),
            }
        }
    }
}

/// Outside of the `impl`, `Self` is the actor's type.
fn this_type(ty: &mut Type, self_ty: &Type) {
    struct Replace<'a>(&'a Type);
    impl syn::visit_mut::VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::Path(path) if path.path.is_ident("Self") => *ty = self.0.clone(),
                _ => syn::visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    syn::visit_mut::VisitMut::visit_type_mut(&mut Replace(self_ty), ty);
}

/// The parameters of the `impl` that a message mentions, and the bounds that
/// are about them alone.
fn used_generics(
    all: &Generics,
    fields: &[(Ident, Type)],
    reply: &Type,
    error: Option<&Type>,
) -> Generics {
    let mut seen = Mentions::default();
    for ty in fields.iter().map(|(_, ty)| ty).chain([reply]).chain(error) {
        syn::visit::Visit::visit_type(&mut seen, ty);
    }
    let is_used = |ident: &Ident| seen.0.contains(ident);
    let mut used = all.clone();
    used.params = all
        .params
        .iter()
        .filter(|param| match param {
            syn::GenericParam::Type(param) => is_used(&param.ident),
            syn::GenericParam::Const(param) => is_used(&param.ident),
            _ => false,
        })
        .cloned()
        .collect::<Punctuated<_, Token![,]>>();
    let unused: Vec<Ident> = all
        .params
        .iter()
        .filter_map(|param| match param {
            syn::GenericParam::Type(param) => Some(param.ident.clone()),
            syn::GenericParam::Const(param) => Some(param.ident.clone()),
            _ => None,
        })
        .filter(|ident| !is_used(ident))
        .collect();
    if let Some(clause) = &mut used.where_clause {
        let kept = clause.predicates.iter().filter(|predicate| {
            let mut mentions = Mentions::default();
            syn::visit::Visit::visit_where_predicate(&mut mentions, predicate);
            !unused.iter().any(|ident| mentions.0.contains(ident))
        });
        clause.predicates = kept.cloned().collect();
    }
    used
}

/// The single words in a type.
#[derive(Default)]
struct Mentions(Vec<Ident>);

impl<'ast> syn::visit::Visit<'ast> for Mentions {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.0.push(ident.clone());
    }
}

/// `read_next` as `ReadNext`.
fn camel(ident: &Ident) -> Ident {
    let text = ident.to_string();
    let words = text.split('_').filter(|word| !word.is_empty());
    let camel: String = words
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_uppercase().to_string());
            first.into_iter().chain([chars.as_str().to_owned()])
        })
        .collect();
    Ident::new(&camel, ident.span())
}
