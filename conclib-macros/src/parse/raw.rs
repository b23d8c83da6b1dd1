//! Bodies of methods as raw tokens: an unfinished expression is an error of the
//! compiler alone, and everything else is expanded.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::{Block, Error, Expr, ImplItem, ItemImpl, ItemTrait, Stmt, TraitItem, token};

/// Parses an `impl` block whose bodies may be unfinished. A method with an
/// unfinished signature is left out of it: the compiler has read the block
/// before, and has reported it.
pub(crate) fn impl_block(item: TokenStream) -> syn::Result<ItemImpl> {
    let (head, body) = split(item)?;
    let (mut kept, mut bodies) = (TokenStream::new(), Vec::new());
    for member in members(body.stream()) {
        if syn::parse2::<ImplItem>(member.tokens.clone()).is_ok() {
            kept.extend(member.tokens);
            bodies.extend(member.body);
        }
    }
    let mut block: ItemImpl = parsed(head, &body, kept)?;
    let mut bodies = bodies.into_iter();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item {
            let body = bodies.next().map(TokenTree::Group).map(TokenStream::from);
            let body = body.map(|body| Stmt::Expr(Expr::Verbatim(body), None));
            method.block.stmts.extend(body);
        }
    }
    Ok(block)
}

/// Parses a trait whose bodies may be unfinished.
pub(crate) fn trait_block(item: TokenStream) -> syn::Result<ItemTrait> {
    let (head, body) = split(item)?;
    let members = members(body.stream());
    let (mut kept, mut bodies) = (TokenStream::new(), Vec::new());
    for member in members {
        kept.extend(member.tokens);
        bodies.extend(member.body);
    }
    let mut block: ItemTrait = parsed(head, &body, kept)?;
    let mut bodies = bodies.into_iter();
    for item in &mut block.items {
        if let TraitItem::Fn(method) = item
            && let Some(block) = &mut method.default
        {
            fill(block, &mut bodies);
        }
    }
    Ok(block)
}

/// Tokens of a function with an empty body, and the body.
pub(crate) fn without_body(item: TokenStream) -> (TokenStream, Option<Group>) {
    match split(item.clone()) {
        Ok((head, body)) => {
            let empty = emptied(&body);
            (quote!(#head #empty), Some(body))
        }
        Err(_) => (item, None),
    }
}

/// Fills an empty body with the tokens of the next one.
pub(crate) fn fill(block: &mut Block, bodies: &mut impl Iterator<Item = Group>) {
    if let Some(body) = bodies.next() {
        block.brace_token = token::Brace(body.span());
        block.stmts = vec![Stmt::Expr(Expr::Verbatim(body.stream()), None)];
    }
}

/// Returns the tokens of a block. Bodies are those that were read, down to the
/// spans of their braces, at which the compiler reports an unfinished
/// expression: the same error twice is shown once.
pub(crate) fn printed(block: &ItemImpl) -> TokenStream {
    let mut block = block.clone();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && let [Stmt::Expr(Expr::Verbatim(body), None)] = method.block.stmts.as_slice()
        {
            let syn::ImplItemFn {
                attrs,
                vis,
                modifiers,
                sig,
                ..
            } = method;
            let default = &modifiers.defaultness;
            *item = ImplItem::Verbatim(quote!(#(#attrs)* #vis #default #sig #body));
        }
    }
    quote!(#block)
}

fn parsed<T: syn::parse::Parse>(
    head: TokenStream,
    body: &Group,
    members: TokenStream,
) -> syn::Result<T> {
    let mut members = Group::new(Delimiter::Brace, members);
    members.set_span(body.span());
    syn::parse2(quote!(#head #members))
}

/// Splits an item before its last token, which is a block.
fn split(item: TokenStream) -> syn::Result<(TokenStream, Group)> {
    let mut tokens: Vec<_> = item.clone().into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
            Ok((tokens.into_iter().collect(), body))
        }
        _ => Err(Error::new_spanned(item, "expected a block in braces")),
    }
}

fn emptied(body: &Group) -> Group {
    let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
    empty.set_span(body.span());
    empty
}

/// Member of a block, with an empty body if it is a method.
#[derive(Default)]
struct Member {
    tokens: TokenStream,
    body: Option<Group>,
}

/// Members of a block: each ends with a semicolon, or with a block in braces
/// that is in no angle brackets.
fn members(tokens: TokenStream) -> Vec<Member> {
    let (mut members, mut member) = (Vec::new(), Member::default());
    let (mut depth, mut is_arrow, mut is_method) = (0_i32, false, false);
    let mut last: Option<Ident> = None;
    for token in tokens {
        let was_arrow = std::mem::take(&mut is_arrow);
        let is_after_fn = last.take().is_some_and(|last| last == "fn");
        let mut ends = false;
        let mut token = token;
        match &token {
            TokenTree::Punct(mark) => match mark.as_char() {
                '<' => depth += 1,
                '>' if !was_arrow => depth -= 1,
                '-' | '=' => is_arrow = mark.spacing() == Spacing::Joint,
                ';' => ends = true,
                _ => {}
            },
            TokenTree::Ident(ident) => {
                is_method |= is_after_fn;
                last = Some(ident.clone());
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && depth <= 0 => {
                ends = true;
                if is_method {
                    let body = group.clone();
                    token = TokenTree::Group(emptied(&body));
                    member.body = Some(body);
                }
            }
            _ => {}
        }
        member.tokens.extend([token]);
        if ends {
            members.push(std::mem::take(&mut member));
            (depth, is_method) = (0, false);
        }
    }
    if !member.tokens.is_empty() {
        members.push(member);
    }
    members
}
