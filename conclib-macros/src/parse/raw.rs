//! Bodies of methods as raw tokens: an unfinished expression is an error of the
//! compiler alone, and everything else is expanded.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::{Block, Error, Expr, ImplItem, ItemImpl, ItemTrait, Stmt, TraitItem, token};

use super::role::NAMES;

/// Methods that do not parse, to be emitted as they are: the compiler reports
/// them itself.
pub(crate) struct Unread(TokenStream);

impl Unread {
    /// Block with these methods, for the type of the other block.
    pub(crate) fn into_tokens(self, block: &ItemImpl) -> TokenStream {
        if self.0.is_empty() {
            return TokenStream::new();
        }
        let (methods, self_ty) = (self.0, &block.self_ty);
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        quote!(impl #impl_generics #self_ty #where_clause { #methods })
    }
}

/// Parses an `impl` block whose bodies may be unfinished. A method with an
/// unfinished signature is left out of it.
pub(crate) fn impl_block(item: TokenStream) -> syn::Result<(ItemImpl, Unread)> {
    let (head, body) = split(item)?;
    let (mut kept, mut bodies, mut unread) = (TokenStream::new(), Vec::new(), TokenStream::new());
    for member in members(body.stream()) {
        match syn::parse2::<ImplItem>(member.tokens.clone()) {
            Ok(_) => {
                kept.extend(member.tokens);
                bodies.extend(member.body);
            }
            Err(error) => unread.extend(member.unread(error)),
        }
    }
    let mut block: ItemImpl = parsed(head, &body, kept)?;
    let mut bodies = bodies.into_iter();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item {
            fill(&mut method.block, &mut bodies);
        }
    }
    Ok((block, Unread(unread)))
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

impl Member {
    /// The member as it was, without the attributes of conclib. The error is
    /// inside the body, where the compiler reports it if it has none itself.
    fn unread(self, error: Error) -> TokenStream {
        let mut tokens: Vec<_> = without_roles(self.tokens);
        if let Some(body) = self.body {
            tokens.pop();
            let (error, stream) = (error.into_compile_error(), body.stream());
            let mut whole = Group::new(Delimiter::Brace, quote!(#error #stream));
            whole.set_span(body.span());
            tokens.push(TokenTree::Group(whole));
        }
        tokens.into_iter().collect()
    }
}

fn without_roles(tokens: TokenStream) -> Vec<TokenTree> {
    let mut left: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_role = matches!(&token, TokenTree::Group(group) if is_role(group));
        let after_hash =
            matches!(left.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '#');
        if is_role && after_hash {
            left.pop();
        } else {
            left.push(token);
        }
    }
    left
}

fn is_role(group: &Group) -> bool {
    let mut path = group.stream().into_iter().take_while(|token| {
        matches!(token, TokenTree::Ident(_))
            || matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
    });
    group.delimiter() == Delimiter::Bracket
        && path.any(|token| NAMES.iter().any(|name| token.to_string() == *name))
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
