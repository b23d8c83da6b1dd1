//! Arguments in parentheses.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, LitInt, LitStr, Meta, Path, Token, parse_quote, token};

use super::Mistakes;
use super::duration::duration;
use crate::model::{ActorArgs, FieldArgs, ImplArgs, MessageArgs};

const MESSAGE: &str = "a message has the arguments `reply = Type`, `error = Type`, `name = \"…\"`, `priority = 0`, `local` and `wire`; on a method also `derive(Debug)`, `every = \"500ms\"`, `concurrent`, and `batch = 32` with `within = \"5ms\"`";
const ACTOR: &str = "an actor's struct has the arguments `urn = \"…\"`, `mailbox = 256`, `overflow = DropOldest`, `strategy = OneForAll`, `timeout = \"5s\"` and `priority`";
const BLOCK: &str = "`#[actor]` on an impl takes only `protocols(…)` and `thread`: `urn`, `mailbox` and the like belong above the struct";
const FIELD: &str = "a field can be read and set from outside: `#[field(get)]`, `#[field(set)]` or `#[field(get, set)]`";
const PROTOCOL: &str = "`#[protocol]` takes no arguments";
const PART: &str = "`#[part]` takes no arguments";
const ENTRY: &str = "`#[conclib::main]` takes no arguments";

fn default_runtime() -> Path {
    parse_quote!(::conclib)
}

pub(crate) fn message_args(args: TokenStream, mistakes: &mut Mistakes) -> MessageArgs {
    let mut parsed = MessageArgs {
        runtime: default_runtime(),
        reply: None,
        error: None,
        name: None,
        local: None,
        wire: None,
        derive: None,
        every: None,
        concurrent: None,
        priority: None,
        batch: None,
        within: None,
    };
    each(args, mistakes, |arg| {
        match arg.key.to_string().as_str() {
            "crate" => parsed.runtime = arg.runtime()?,
            "reply" => parsed.reply = Some(arg.value("reply = Type")?),
            "error" => parsed.error = Some(arg.value("error = Type")?),
            "name" => parsed.name = Some(arg.value("name = \"…\"")?),
            "local" if arg.word()? => parsed.local = Some(arg.key.span()),
            "wire" if arg.word()? => parsed.wire = Some(arg.key.span()),
            "derive" => parsed.derive = Some((arg.key.span(), arg.list("derive(Debug, Clone)")?)),
            "every" => {
                let text: LitStr = arg.value("every = \"500ms\"")?;
                parsed.every = Some((arg.key.span(), duration(&text)?));
            }
            "concurrent" if arg.word()? => parsed.concurrent = Some(arg.key.span()),
            "priority" => parsed.priority = Some(arg.priority()?),
            "batch" => parsed.batch = Some(arg.value("batch = 32")?),
            "within" => {
                let text: LitStr = arg.value("within = \"5ms\"")?;
                parsed.within = Some((arg.key.span(), duration(&text)?));
            }
            _ => return Err(arg.unknown(MESSAGE)),
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
        strategy: None,
        priority: false,
        timeout: None,
    };
    each(args, mistakes, |arg| {
        match arg.key.to_string().as_str() {
            "crate" => parsed.runtime = arg.runtime()?,
            "urn" => parsed.urn = Some(arg.value("urn = \"greeter\"")?),
            "mailbox" => parsed.mailbox = Some(arg.value::<LitInt>("mailbox = 256")?),
            "overflow" => parsed.overflow = Some(arg.value("overflow = DropOldest")?),
            "strategy" => parsed.strategy = Some(arg.value("strategy = OneForAll")?),
            "priority" => parsed.priority = arg.flag()?,
            "timeout" => {
                let text: LitStr = arg.value("timeout = \"5s\"")?;
                parsed.timeout = Some(duration(&text)?);
            }
            _ => return Err(arg.unknown(ACTOR)),
        }
        Ok(())
    });
    parsed
}

/// Arguments of `#[actor]` on an `impl`: the protocols, `thread` for an actor
/// that can only run on a thread of its own, and the path of the runtime crate.
pub(crate) fn impl_args(args: TokenStream, mistakes: &mut Mistakes) -> ImplArgs {
    let mut parsed = ImplArgs {
        runtime: default_runtime(),
        protocols: Vec::new(),
        thread: false,
    };
    each(args, mistakes, |arg| {
        match arg.key.to_string().as_str() {
            "crate" => parsed.runtime = arg.runtime()?,
            "thread" => parsed.thread = arg.word()?,
            "protocols" => parsed.protocols = arg.paths("protocols(Feline)")?,
            _ => return Err(arg.unknown(BLOCK)),
        }
        Ok(())
    });
    parsed
}

/// Parses `get` and `set`; `None` if neither is given.
pub(crate) fn field_args(attribute: &Attribute, mistakes: &mut Mistakes) -> Option<FieldArgs> {
    let mut parsed = FieldArgs::default();
    let mut is_told = false;
    if let Meta::List(list) = &attribute.meta {
        is_told = !list.tokens.is_empty();
        each(list.tokens.clone(), mistakes, |arg| {
            match arg.key.to_string().as_str() {
                "get" => parsed.get = arg.word()?,
                "set" => parsed.set = arg.word()?,
                _ => return Err(arg.unknown(FIELD)),
            }
            Ok(())
        });
    }
    if !is_told {
        mistakes.push(Error::new_spanned(attribute.path(), FIELD));
    }
    (parsed.get || parsed.set).then_some(parsed)
}

/// Arguments of `#[protocol]`: only the path of the runtime crate.
pub(crate) fn protocol_args(args: TokenStream, mistakes: &mut Mistakes) -> Path {
    only_runtime(args, PROTOCOL, mistakes)
}

/// Arguments of `#[part]`: only the path of the runtime crate.
pub(crate) fn part_args(args: TokenStream, mistakes: &mut Mistakes) -> Path {
    only_runtime(args, PART, mistakes)
}

/// Arguments of `#[conclib::main]`: only the path of the runtime crate.
pub(crate) fn entry_args(args: TokenStream, mistakes: &mut Mistakes) -> Path {
    only_runtime(args, ENTRY, mistakes)
}

fn only_runtime(args: TokenStream, known: &str, mistakes: &mut Mistakes) -> Path {
    let mut runtime = default_runtime();
    each(args, mistakes, |arg| match arg.key == "crate" {
        true => arg.runtime().map(|path| runtime = path),
        false => Err(arg.unknown(known)),
    });
    runtime
}

/// Single `key` or `key = value`.
struct Arg<'a> {
    key: Ident,
    rest: ParseStream<'a>,
}

impl Arg<'_> {
    fn value<T: Parse>(&self, example: &str) -> syn::Result<T> {
        if !self.rest.peek(Token![=]) {
            let text = format!("this argument needs a value: `{example}`");
            return Err(Error::new(self.key.span(), text));
        }
        self.rest.parse::<Token![=]>()?;
        let at = self.rest.cursor().token_tree().map(|(token, _)| token);
        self.rest.parse().map_err(|error| match at {
            Some(token) => Error::new(token.span(), format!("expected `{example}`")),
            None => error,
        })
    }

    /// Key without a value.
    fn flag(&self) -> syn::Result<bool> {
        if self.rest.peek(Token![=]) {
            let text = format!(
                "`{0}` on an actor has no value: the number belongs to a message, `#[message({0} = 0)]`, or to a call",
                self.key
            );
            return Err(Error::new(self.key.span(), text));
        }
        Ok(true)
    }

    fn word(&self) -> syn::Result<bool> {
        if self.rest.peek(Token![=]) {
            let text = format!("`{}` has no value: write only the word", self.key);
            return Err(Error::new(self.key.span(), text));
        }
        Ok(true)
    }

    fn priority(&self) -> syn::Result<u8> {
        let number: LitInt = self.value("priority = 0")?;
        number.base10_parse().map_err(|_| {
            Error::new(
                number.span(),
                "a priority is a number from 0, the most urgent, to 255, the default of a message",
            )
        })
    }

    /// Tokens in parentheses: `key(…)`.
    fn list(&self, example: &str) -> syn::Result<TokenStream> {
        let wrong = |span| Error::new(span, format!("expected `{example}`"));
        if !self.rest.peek(token::Paren) {
            // Skips the rest of the argument, which was reported.
            while !self.rest.is_empty() && !self.rest.peek(Token![,]) {
                self.rest.parse::<TokenTree>()?;
            }
            return Err(wrong(self.key.span()));
        }
        let list;
        syn::parenthesized!(list in self.rest);
        let tokens: TokenStream = list.parse()?;
        if tokens.is_empty() {
            return Err(wrong(self.key.span()));
        }
        Ok(tokens)
    }

    /// List of paths: `key(path, path)`.
    fn paths(&self, example: &str) -> syn::Result<Vec<Path>> {
        let list = self.list(example)?;
        let paths = Punctuated::<Path, Token![,]>::parse_terminated_with;
        let paths = |input: ParseStream<'_>| paths(input, Path::parse_mod_style);
        Ok(paths.parse2(list)?.into_iter().collect())
    }

    /// Path of the runtime crate, if it is not `::conclib`: `crate = path`.
    fn runtime(&self) -> syn::Result<Path> {
        self.rest.parse::<Token![=]>()?;
        self.rest.call(Path::parse_mod_style)
    }

    fn unknown(&self, known: &str) -> Error {
        Error::new(self.key.span(), known)
    }
}

/// Reads the arguments one after another. After a mistake it continues at the
/// next comma, so that every mistake is reported at once.
fn each(
    args: TokenStream,
    mistakes: &mut Mistakes,
    mut take: impl FnMut(&Arg<'_>) -> syn::Result<()>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    let mut one = |input: ParseStream<'_>| {
        let arg = Arg {
            key: input.call(Ident::parse_any)?,
            rest: input,
        };
        take(&arg)?;
        if seen.contains(&arg.key) {
            let text = format!("`{}` is said twice: take one of them out", arg.key);
            return Err(Error::new(arg.key.span(), text));
        }
        seen.push(arg.key);
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(());
        }
        Err(input.error("expected `,` between two arguments"))
    };
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            mistakes.ok(one(input));
            skip_to_comma(input)?;
        }
        Ok(())
    };
    // The parser itself never fails.
    let _: syn::Result<()> = all.parse2(args);
}

/// Skips to the next comma outside of angle brackets: one inside of a type does
/// not end its argument.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    let mut depth = 0_i32;
    while !input.is_empty() {
        if let TokenTree::Punct(punct) = input.parse()? {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth -= 1,
                ',' if depth <= 0 => break,
                _ => {}
            }
        }
    }
    Ok(())
}
