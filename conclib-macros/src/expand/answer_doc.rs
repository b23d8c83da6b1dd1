//! Doc line of a generated call that says what the call answers with.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

use crate::model::{Handler, Method, ReturnKind};

/// Line that says what a call answers with; `None` if it answers with `()` and cannot fail.
pub(super) fn answer_doc(handler: &Handler, own: &Method) -> Option<String> {
    let message = &own.message;
    let reply = match (handler.returns.kind, alias(&message.reply)) {
        (_, Some(alias)) => return Some(format!(" Answers with `{}`.", text(alias))),
        (ReturnKind::Stream, _) => match item(&message.reply) {
            Some(item) => Some(format!("a stream of `{}`", text(item))),
            None => Some(format!("`{}`", text(&message.reply))),
        },
        _ if is_unit(&message.reply) => None,
        _ => Some(format!("`{}`", text(&message.reply))),
    };
    match (reply, message.error.as_ref().map(text)) {
        (Some(reply), Some(error)) => {
            Some(format!(" Answers with {reply}, or fails with `{error}`."))
        }
        (Some(reply), None) => Some(format!(" Answers with {reply}.")),
        (None, Some(error)) => Some(format!(
            " Answers when it is done, or fails with `{error}`."
        )),
        (None, None) => None,
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Alias of a `Result`, whose reply is only named by way of the trait `Outcome`.
fn alias(reply: &Type) -> Option<&Type> {
    let Type::Path(reply) = reply else {
        return None;
    };
    let is_outcome = reply
        .path
        .segments
        .iter()
        .any(|part| part.ident == "Outcome");
    reply
        .qself
        .as_ref()
        .filter(|_| is_outcome)
        .map(|own| &*own.ty)
}

/// `T` of an `Items<T>`.
fn item(reply: &Type) -> Option<&Type> {
    let Type::Path(reply) = reply else {
        return None;
    };
    match &reply.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(args) => match args.args.first()? {
            GenericArgument::Type(item) => Some(item),
            _ => None,
        },
        _ => None,
    }
}

/// Text of a type with the usual spaces.
fn text(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    let mut text = String::new();
    let mut last = "";
    for next in tokens.split_whitespace() {
        if !last.is_empty() && is_apart(last, next) {
            text.push(' ');
        }
        text.push_str(next);
        last = next;
    }
    text
}

/// Returns true if a space separates two pieces of a type.
fn is_apart(last: &str, next: &str) -> bool {
    let is_word = |ch: char| ch.is_alphanumeric() || ch == '_';
    let joins = |piece: &str| matches!(piece, "->" | "+" | "=");
    last.ends_with([',', ';'])
        || joins(last)
        || joins(next)
        || matches!(last, "as" | "const" | "dyn" | "impl" | "mut")
        || last.ends_with(is_word) && next.starts_with(|ch| is_word(ch) || ch == '\'')
}
