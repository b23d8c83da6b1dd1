//! The arguments in parentheses.

use proc_macro2::{Ident, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Error, LitInt, LitStr, Path, Type, parse_quote};

use super::Mistakes;
use super::duration::duration;
use crate::model::{ActorArgs, MessageArgs};

fn default_runtime() -> Path {
    parse_quote!(::conclib)
}

/// `crate = path`: where the runtime is, if it is not `::conclib`.
fn runtime(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Path>> {
    if !meta.path.is_ident("crate") {
        return Ok(None);
    }
    meta.value()?.call(Path::parse_mod_style).map(Some)
}

/// Parses `name`, `name = value`, …, and goes on after a mistake as far as
/// syn can.
fn parse(
    args: TokenStream,
    mistakes: &mut Mistakes,
    each: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    mistakes.ok(syn::meta::parser(each).parse2(args));
}

pub(crate) fn message_args(args: TokenStream, mistakes: &mut Mistakes) -> MessageArgs {
    let mut parsed = MessageArgs {
        runtime: default_runtime(),
        reply: None,
        error: None,
        name: None,
        local: None,
        every: None,
    };
    parse(args, mistakes, |meta| {
        if let Some(path) = runtime(&meta)? {
            parsed.runtime = path;
        } else if meta.path.is_ident("reply") {
            parsed.reply = Some(meta.value()?.parse::<Type>()?);
        } else if meta.path.is_ident("error") {
            parsed.error = Some(meta.value()?.parse::<Type>()?);
        } else if meta.path.is_ident("name") {
            parsed.name = Some(meta.value()?.parse::<LitStr>()?);
        } else if meta.path.is_ident("local") {
            parsed.local = Some(meta.path.span());
        } else if meta.path.is_ident("every") {
            let text = meta.value()?.parse::<LitStr>()?;
            parsed.every = Some((meta.path.span(), duration(&text)?));
        } else {
            return Err(meta.error(
                "a message has these arguments: `reply = Type`, `error = Type`, `name = \"…\"`, `local`; a method also `every = \"500ms\"`",
            ));
        }
        Ok(())
    });
    parsed
}

pub(crate) fn actor_args(args: TokenStream, mistakes: &mut Mistakes) -> ActorArgs {
    let mut parsed = ActorArgs {
        runtime: default_runtime(),
        urn: None,
        mailbox: None,
        overflow: None,
    };
    parse(args, mistakes, |meta| {
        if let Some(path) = runtime(&meta)? {
            parsed.runtime = path;
        } else if meta.path.is_ident("urn") {
            parsed.urn = Some(meta.value()?.parse::<LitStr>()?);
        } else if meta.path.is_ident("mailbox") {
            parsed.mailbox = Some(meta.value()?.parse::<LitInt>()?);
        } else if meta.path.is_ident("overflow") {
            parsed.overflow = Some(meta.value()?.parse::<Ident>()?);
        } else {
            return Err(meta.error(
                "an actor's struct has these arguments: `urn = \"…\"`, `mailbox = 256`, `overflow = DropOldest`",
            ));
        }
        Ok(())
    });
    parsed
}

/// The arguments on an `impl`: only where the runtime is.
pub(crate) fn impl_args(args: TokenStream, mistakes: &mut Mistakes) -> Path {
    let mut parsed = default_runtime();
    parse(args, mistakes, |meta| match runtime(&meta)? {
        Some(path) => {
            parsed = path;
            Ok(())
        }
        None => Err(Error::new(
            meta.path.span(),
            "`#[actor]` on an impl takes no arguments: `urn` and `mailbox` belong above the struct",
        )),
    });
    parsed
}
