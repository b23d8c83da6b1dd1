//! What can be wrong with a model although each part of it was well written.

use std::collections::HashMap;

use syn::spanned::Spanned;
use syn::{Error, LitStr, Type};

use crate::model::{Actor, ActorArgs, HandlerKind, Message};
use crate::parse::Mistakes;

/// The methods of `ActorRef` itself: a message of one of these names could
/// not be called.
const TAKEN: [&str; 12] = [
    "ask",
    "clone",
    "downgrade",
    "kill",
    "owned",
    "recipient",
    "started",
    "state",
    "stop",
    "stop_now",
    "stopped",
    "urn",
];

pub(crate) fn actor(actor: &Actor, mistakes: &mut Mistakes) {
    let mut variants = HashMap::new();
    let mut names = HashMap::new();
    for handler in &actor.handlers {
        let method = &handler.method;
        if variants
            .insert(handler.variant.to_string(), method)
            .is_some()
        {
            mistakes.push(Error::new(
                method.span(),
                format!(
                    "two methods would both become `{}`: rename one",
                    handler.variant
                ),
            ));
        }
        let HandlerKind::Method(own) = &handler.kind else {
            continue;
        };
        if TAKEN.contains(&method.to_string().as_str()) {
            mistakes.push(Error::new(
                method.span(),
                format!("`{method}` is a method of every `ActorRef`, so this message could not be called: rename the method, and keep the wire name with `#[message(name = \"{method}\")]`"),
            ));
        }
        message(&own.message, mistakes);
        let name = own.message.name.value();
        if names.insert(name.clone(), ()).is_some() {
            mistakes.push(Error::new(
                own.message.name.span(),
                format!("two messages of one actor have the wire name `{name}`: give one of them another with `#[message(name = \"…\")]`"),
            ));
        }
    }
}

pub(crate) fn message(message: &Message, mistakes: &mut Mistakes) {
    name(&message.name, mistakes);
    if let Type::Path(path) = &message.reply
        && path.qself.is_none()
        && path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Result")
    {
        mistakes.push(Error::new(
            message.reply.span(),
            "the error of a message is named by itself: write `reply = T, error = E` for `Result<T, E>`",
        ));
    }
}

fn name(name: &LitStr, mistakes: &mut Mistakes) {
    let text = name.value();
    if text.is_empty() || text.len() > 255 || text.chars().any(|ch| !ch.is_ascii_graphic()) {
        mistakes.push(Error::new(
            name.span(),
            "a wire name is 1 to 255 visible ASCII characters without spaces",
        ));
    }
}

pub(crate) fn actor_args(args: &ActorArgs, mistakes: &mut Mistakes) {
    if let Some(urn) = &args.urn
        && let Err(why) = urn_is_valid(&urn.value())
    {
        mistakes.push(Error::new(urn.span(), why));
    }
    if let Some(mailbox) = &args.mailbox {
        match mailbox.base10_parse::<usize>() {
            Ok(0) => mistakes.push(Error::new(
                mailbox.span(),
                "a mailbox without a place would never take a message: write 1 or more",
            )),
            Ok(_) => {}
            Err(error) => mistakes.push(error),
        }
    }
    if let Some(overflow) = &args.overflow {
        const KINDS: [&str; 4] = ["Wait", "Reject", "DropOldest", "DropNewest"];
        if !KINDS.contains(&overflow.to_string().as_str()) {
            mistakes.push(Error::new(
                overflow.span(),
                "a full mailbox can `Wait`, `Reject`, `DropOldest` or `DropNewest`",
            ));
        }
    }
}

/// As the library checks it at run time.
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
