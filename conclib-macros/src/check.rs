//! Checks of a whole model: mistakes that no single item shows.

use std::collections::{HashMap, HashSet};

use quote::format_ident;
use syn::{Error, Ident, LitStr, Path, Type};

use crate::model::{Actor, ActorArgs, Field, Handler, HandlerKind, Kind, Message, Part, Reach};
use crate::parse::{Beside, Mistakes};

/// Names of the methods that `ActorRef` has itself or has from a trait of the
/// standard prelude. A message with such a name could not be called by it.
const TAKEN: [&str; 23] = [
    "ask",
    "clone",
    "current_snapshot",
    "current_state",
    "downgrade",
    "eq",
    "generation",
    "into",
    "kill",
    "ne",
    "recipient",
    "remote",
    "scoped",
    "started",
    "state",
    "stop",
    "stop_now",
    "stopped",
    "tell",
    "to_owned",
    "to_string",
    "try_into",
    "urn",
];

/// Names from `TAKEN` that `PartRef` has, too.
const TAKEN_OF_PARTS: [&str; 6] = ["clone", "eq", "into", "ne", "to_owned", "try_into"];

/// Checks an actor, and removes handlers that clash with others: the compiler
/// would report the same mistake again in the generated code.
pub(crate) fn actor(actor: &mut Actor, mistakes: &mut Mistakes) {
    protocols(&mut actor.protocols, mistakes);
    parts(&mut actor.parts, mistakes);
    let kind = actor.kind;
    let name = actor.ident.to_string();
    let mut variants = HashMap::new();
    let mut messages = HashSet::new();
    let mut names = HashSet::new();
    actor.handlers.retain_mut(|handler| {
        taken(kind, handler, mistakes);
        let text = match &mut handler.kind {
            HandlerKind::Method(own) => {
                message(&mut own.message, mistakes);
                generated(&handler.method, &handler.variant, &name)
            }
            HandlerKind::Declared(message) => {
                let shown = quote::quote!(#message).to_string();
                let second = !messages.insert(shown.clone());
                second.then(|| format!("an actor handles a message once, and there is a handler of `{shown}` above: make them one"))
            }
        };
        let variant = handler.variant.to_string();
        let text = text.or_else(|| {
            let first = variants.insert(variant.clone(), handler.method.clone())?;
            Some(format!("this method and `{first}` would both become `{name}{variant}`: rename one of them"))
        });
        if let Some(text) = &text {
            mistakes.at(handler.method.span(), text);
        } else if let Some(own) = handler.as_method() {
            wire_name(&own.message.name, &mut names, mistakes);
        }
        text.is_none()
    });
}

/// Checks that no message has the name of a type beside the block of its actor. Such a message gets
/// another name: the compiler would take the type for the message everywhere.
pub(crate) fn taken_beside(actor: &mut Actor, beside: &Beside, mistakes: &mut Mistakes) {
    for handler in &mut actor.handlers {
        let method = handler.method.clone();
        let HandlerKind::Method(own) = &mut handler.kind else {
            continue;
        };
        let message = own.message.ident.clone();
        if let Some(keyword) = beside.keyword(&message) {
            mistakes.at(
                method.span(),
                format_args!("its message would be `{message}`, and there is a `{keyword} {message}`: rename one of them, and keep the name on the wire with `#[message(name = \"{method}\")]`"),
            );
            own.message.rename(format_ident!("__{message}"));
        }
    }
}

/// Checks that nothing beside the block has the name of the trait with the calls. That trait gets
/// another name.
pub(crate) fn calls_beside(actor: &mut Actor, beside: &Beside, mistakes: &mut Mistakes) {
    let name = &actor.ident;
    let calls = format_ident!("{name}Calls");
    if !actor.has_calls() {
        return;
    }
    if let Some(keyword) = beside.keyword(&calls) {
        mistakes.push(Error::new_spanned(
            &actor.self_ty,
            format_args!("the trait with its calls would be `{calls}`, and there is a `{keyword} {calls}`: rename that, or the actor"),
        ));
        actor.ident = format_ident!("__{name}");
    }
}

/// Checks that the block is the only one of its actor. A second one is renamed, so that nothing
/// generated has the name of something of the first.
pub(crate) fn is_second_block(actor: &mut Actor, beside: &Beside, mistakes: &mut Mistakes) -> bool {
    let before = beside.blocks_before(&actor.self_ty);
    if before > 0 {
        let name = &actor.ident;
        mistakes.push(Error::new_spanned(
            &actor.self_ty,
            format_args!("`{name}` has an `#[actor]` block above: an actor has one, so move these methods there, or take `#[actor]` off this block if none of them is a message"),
        ));
        actor.ident = format_ident!("__{name}{before}");
    }
    before > 0
}

fn protocols(protocols: &mut Vec<Path>, mistakes: &mut Mistakes) {
    let mut seen = HashSet::new();
    protocols.retain(|path| {
        let shown = quote::quote!(#path).to_string().replace(' ', "");
        let is_first = seen.insert(shown.clone());
        if !is_first {
            mistakes.push(Error::new_spanned(
                path,
                format_args!("`{shown}` is named twice: take one of them out"),
            ));
        }
        is_first
    });
}

fn parts(parts: &mut Vec<Part>, mistakes: &mut Mistakes) {
    let mut seen = HashSet::new();
    parts.retain(|part| {
        let Part { method, ty, .. } = part;
        if is_taken(method) {
            mistakes.at(
                method.span(),
                format_args!("`{method}` is a method of every `ActorRef`, so this part could not be reached by it: rename the method"),
            );
        }
        let shown = quote::quote!(#ty).to_string().replace(' ', "");
        let is_first = seen.insert(shown.clone());
        if !is_first {
            mistakes.push(Error::new_spanned(
                ty,
                format_args!("an actor has one part of a type, as its messages go by the type, and there is a `{shown}` above: give this one a type of its own"),
            ));
        }
        is_first
    });
}

fn taken(kind: Kind, handler: &Handler, mistakes: &mut Mistakes) {
    let method = &handler.method;
    // A handler of a declared message gives the reference no method, so its
    // name is free.
    let is_called = handler.as_method().is_some();
    let (whose, is_taken) = match kind {
        Kind::Part => (
            "PartRef",
            TAKEN_OF_PARTS.iter().any(|taken| method == taken),
        ),
        Kind::Actor | Kind::Protocol => ("ActorRef", is_taken(method)),
    };
    if is_called && is_taken {
        mistakes.at(
            method.span(),
            format_args!("`{method}` is a method of every `{whose}`, so this message could not be called by it: rename the method, and keep the name on the wire with `#[message(name = \"{method}\")]`"),
        );
    }
}

/// Checks the fields that have messages, and removes those whose messages clash
/// with others.
pub(crate) fn fields(fields: &mut Vec<Field>, mistakes: &mut Mistakes) {
    let mut methods = HashSet::new();
    fields.retain(|field| {
        let Field { name, get, set, .. } = field;
        let get = get.then_some(name);
        let text = if get.is_some_and(is_taken) {
            Some(format!("`{name}` is a method of every `ActorRef`, so this field could not be read by it: rename the field, or write a `#[message]` method with another name"))
        } else {
            let both = get.into_iter().chain(set);
            let second = both.filter(|method| !methods.insert(method.to_string())).last();
            second.map(|method| format!("the messages of two fields would be called `{method}`: rename one of them"))
        };
        if let Some(text) = &text {
            mistakes.at(name.span(), text);
        }
        text.is_none()
    });
}

/// Tests if every `ActorRef` has a method of that name.
fn is_taken(method: &Ident) -> bool {
    TAKEN.contains(&method.to_string().as_str())
}

fn wire_name(name: &LitStr, names: &mut HashSet<String>, mistakes: &mut Mistakes) {
    let text = name.value();
    if names.contains(&text) {
        mistakes.at(
            name.span(),
            format_args!("two messages of this actor have the wire name `{text}`: give one of them another with `#[message(name = \"…\")]`"),
        );
    }
    names.insert(text);
}

/// Describes the generated item that the message of this method would clash
/// with, if any.
fn generated(method: &Ident, variant: &Ident, actor: &str) -> Option<String> {
    let what = match variant.to_string().as_str() {
        "Calls" => "the trait with the calls",
        "Inbox" => "the enum of all its messages",
        _ => return None,
    };
    Some(format!(
        "its message would be `{actor}{variant}`, which is {what}: rename the method, and keep the name on the wire with `#[message(name = \"{method}\")]`"
    ))
}

/// Checks a message, and replaces a reply or error type that cannot be one, so
/// that the compiler does not report the same mistake again.
pub(crate) fn message(message: &mut Message, mistakes: &mut Mistakes) {
    name(&message.name, mistakes);
    if last_ident(&message.reply).is_some_and(|last| last == "Result") {
        mistakes.push(Error::new_spanned(
            &message.reply,
            "the error of a message is named by itself: write `reply = T, error = E` for `Result<T, E>`",
        ));
        message.reach = Reach::Local;
    }
    if let Some(error) = &message.error
        && is_no_error(error)
    {
        mistakes.push(Error::new_spanned(
            error,
            "this type is no error: return `conclib::Result<T>`, into whose error `?` converts any other, or write a type that says what can go wrong, with `#[derive(Debug, thiserror::Error)]`",
        ));
        message.error = None;
    }
}

/// Tests for types that are often tried as errors and implement no
/// `std::error::Error`. The compiler checks all other types.
fn is_no_error(ty: &Type) -> bool {
    const NONE: [&str; 16] = [
        "Box", "Cow", "String", "Vec", "bool", "char", "i128", "i16", "i32", "i64", "i8", "isize",
        "str", "u32", "u64", "usize",
    ];
    match ty {
        Type::Path(_) => last_ident(ty).is_some_and(|last| NONE.iter().any(|none| last == none)),
        Type::Tuple(_) | Type::Reference(_) => true,
        _ => false,
    }
}

fn last_ident(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            path.path.segments.last().map(|last| &last.ident)
        }
        _ => None,
    }
}

fn name(name: &LitStr, mistakes: &mut Mistakes) {
    let text = name.value();
    if text.is_empty() || text.len() > 255 || text.chars().any(|ch| !ch.is_ascii_graphic()) {
        mistakes.at(
            name.span(),
            "a wire name is 1 to 255 visible ASCII characters without spaces: write one with `#[message(name = \"…\")]`",
        );
    }
    if text.starts_with("conclib:") {
        mistakes.at(
            name.span(),
            "wire names with the prefix `conclib:` belong to the library: write another one",
        );
    }
}

pub(crate) fn actor_args(args: &ActorArgs, mistakes: &mut Mistakes) {
    if let Some(urn) = &args.urn
        && let Err(why) = urn_is_valid(&urn.value())
    {
        mistakes.at(urn.span(), why);
    }
    if let Some(mailbox) = &args.mailbox {
        match mailbox.base10_parse::<usize>() {
            Ok(0) => mistakes.at(
                mailbox.span(),
                "a mailbox with capacity 0 would never take a message: write 1 or more",
            ),
            Ok(_) => {}
            Err(error) => mistakes.push(error),
        }
    }
    if let Some(overflow) = &args.overflow {
        const KINDS: [&str; 4] = ["Wait", "Reject", "DropOldest", "DropNewest"];
        if !KINDS.contains(&overflow.to_string().as_str()) {
            mistakes.at(
                overflow.span(),
                "a full mailbox can `Wait`, `Reject`, `DropOldest` or `DropNewest`",
            );
        }
    }
    if let Some(strategy) = &args.strategy {
        const KINDS: [&str; 3] = ["OneForOne", "OneForAll", "RestForOne"];
        if !KINDS.contains(&strategy.to_string().as_str()) {
            mistakes.at(
                strategy.span(),
                "a supervisor restarts its children `OneForOne`, `OneForAll` or `RestForOne`",
            );
        }
    }
}

/// Same rules as those of the library at run time.
fn urn_is_valid(urn: &str) -> Result<(), &'static str> {
    if urn.is_empty() || urn.len() > 255 {
        Err("a URN has 1 to 255 characters")
    } else if urn.starts_with("conclib:") {
        Err("names that begin with `conclib:` are the library's own: pick another")
    } else if urn
        .chars()
        .any(|ch| !ch.is_ascii_graphic() || "*?[]{}".contains(ch))
    {
        Err("a URN is visible ASCII without spaces and without `*?[]{}`")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::TAKEN;

    /// A method of `ActorRef` that is missing in the list would silently shadow
    /// a message of the same name.
    #[test]
    fn every_method_of_a_reference_is_taken() {
        let source = include_str!("../../conclib-core/src/node/reference.rs");
        let file = syn::parse_file(source).unwrap();
        let methods = file.items.iter().filter_map(|item| match item {
            syn::Item::Impl(block) if block.trait_.is_none() => Some(&block.items),
            _ => None,
        });
        let public = methods.flatten().filter_map(|item| match item {
            syn::ImplItem::Fn(method) if matches!(method.vis, syn::Visibility::Public(_)) => {
                Some(method.sig.ident.to_string())
            }
            _ => None,
        });
        for method in public {
            assert!(TAKEN.contains(&method.as_str()), "`{method}` is missing");
        }
    }
}
