//! The DSL of conclib: [`macro@actor`], [`macro@message`] and
//! [`macro@main`]. Users depend on the crate `conclib`, which re-exports them.
//!
//! Each macro works in three steps: it parses the item into a model, checks it,
//! and expands the model. All mistakes are reported at once, each at its token,
//! and the item itself stays in place.
//!
//! The examples of the documentation are tested by the crate `conclib`, on which this one does
//! not depend.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `model`
//! 2. `parse`
//! 3. `check`
//! 4. `expand`

mod check;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;

#[cfg_attr(not(doctest), doc = include_str!("../docs/actor.md"))]
///
/// ```text
#[doc = include_str!("expand/greeter.rs.txt")]
/// ```
///
/// The expansion has no `unsafe`, and a local message is never boxed and passes no
/// `dyn`.
///
/// The message of a method is as visible as the method, and `pub` if the method
/// has no visibility; its parameters, reply and error may be private all the
/// same. A reply or an error that is no type of the standard library is set by
/// an impl of its own in the expansion.
///
/// Both forms, like `#[message]` and `#[conclib::main]`, take `crate = path`
/// for a crate that has conclib under another name; the methods of an impl take
/// it from their `#[actor]`.
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::actor(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/message.md"))]
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::message(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/protocol.md"))]
#[proc_macro_attribute]
pub fn protocol(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::protocol(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/part.md"))]
#[proc_macro_attribute]
pub fn part(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::part(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/main.md"))]
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::main(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("../docs/test.md"))]
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(args.into(), item.into()).into()
}

/// Marks the handler of a declared message; see [`macro@actor`].
#[proc_macro_attribute]
pub fn handler(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("handler", item.into()).into()
}

/// Marks a hook; see [`macro@actor`].
#[proc_macro_attribute]
pub fn on(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("on", item.into()).into()
}

/// Marks the handler of messages that are not declared; see [`macro@actor`].
#[proc_macro_attribute]
pub fn fallback(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("fallback", item.into()).into()
}
