//! Support for `#[cfg(…)]` on the methods of an actor.
//!
//! An attribute macro gets such methods before the condition is decided, and
//! would generate code for a method that is compiled out. So a block with such
//! a method becomes two blocks, each under its condition: one with the method,
//! and one without. The compiler drops one of them before the macro runs again
//! on the other.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, ImplItem, ImplItemFn, ItemImpl, Meta, Path, Token, parse_quote};

use super::role::is_role;

/// Block with and without its conditional methods.
pub(crate) struct Fork {
    /// Tokens between the parentheses of `cfg`.
    pub(crate) condition: TokenStream,
    pub(crate) with: ItemImpl,
    pub(crate) without: ItemImpl,
}

/// Splits the block at the first condition on a handler or a hook, if there is
/// one.
pub(crate) fn fork(block: &ItemImpl, runtime: &Path) -> Option<Fork> {
    let condition = block
        .items
        .iter()
        .find_map(|item| condition(item, runtime))?;
    let text = condition.to_string();
    Some(Fork {
        condition,
        with: decide(block, runtime, &text, true),
        without: decide(block, runtime, &text, false),
    })
}

fn condition(item: &ImplItem, runtime: &Path) -> Option<TokenStream> {
    let ImplItem::Fn(method) = item else {
        return None;
    };
    if !is_ours(method, runtime) {
        return None;
    }
    let params = method.sig.inputs.iter().flat_map(arg_attrs);
    let cfg = method.attrs.iter().chain(params).find_map(cfg);
    cfg.or_else(|| {
        let mut attrs = method.attrs.iter().filter_map(cfg_attr);
        attrs.find_map(|(condition, metas)| {
            let ours = metas.iter().any(|meta| is_role(meta.path(), runtime));
            ours.then_some(condition)
        })
    })
}

/// Tests if a method is a handler or a hook, at least under a condition.
fn is_ours(method: &ImplItemFn, runtime: &Path) -> bool {
    method.attrs.iter().any(|attr| {
        is_role(attr.path(), runtime)
            || cfg_attr(attr)
                .is_some_and(|(_, metas)| metas.iter().any(|meta| is_role(meta.path(), runtime)))
    })
}

fn decide(block: &ItemImpl, runtime: &Path, condition: &str, holds: bool) -> ItemImpl {
    let mut block = block.clone();
    let is_it = |attr: &Attribute| cfg(attr).is_some_and(|found| found.to_string() == condition);
    block.items.retain_mut(|item| {
        let ImplItem::Fn(method) = item else {
            return true;
        };
        if !is_ours(method, runtime) {
            return true;
        }
        if !holds && method.attrs.iter().any(is_it) {
            return false;
        }
        method.attrs = std::mem::take(&mut method.attrs)
            .into_iter()
            .filter(|attr| !is_it(attr))
            .flat_map(|attr| match cfg_attr(&attr) {
                Some((found, metas)) if found.to_string() == condition => metas
                    .into_iter()
                    .filter(|_| holds)
                    .map(|meta| parse_quote!(#[#meta]))
                    .collect(),
                _ => vec![attr],
            })
            .collect();
        method.sig.inputs = std::mem::take(&mut method.sig.inputs)
            .into_iter()
            .filter(|input| holds || !arg_attrs(input).iter().any(is_it))
            .map(|mut input| {
                let (FnArg::Typed(syn::PatType { attrs, .. })
                | FnArg::Receiver(syn::Receiver { attrs, .. })) = &mut input;
                attrs.retain(|attr| !is_it(attr));
                input
            })
            .collect();
        true
    });
    block
}

fn arg_attrs(input: &FnArg) -> &[Attribute] {
    match input {
        FnArg::Typed(typed) => &typed.attrs,
        FnArg::Receiver(this) => &this.attrs,
    }
}

/// Tokens inside `#[cfg(…)]`.
fn cfg(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}

/// Condition of `#[cfg_attr(…)]`, and the attributes it adds.
fn cfg_attr(attribute: &Attribute) -> Option<(TokenStream, Vec<Meta>)> {
    let Meta::List(list) = &attribute.meta else {
        return None;
    };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let parts = Punctuated::<Meta, Token![,]>::parse_terminated
        .parse2(list.tokens.clone())
        .ok()?;
    let mut parts = parts.into_iter();
    let condition = parts.next()?;
    Some((quote::quote!(#condition), parts.collect()))
}
