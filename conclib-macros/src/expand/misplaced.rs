//! Errors for attributes of conclib in wrong places.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Error, ImplItemFn, Item, TraitItemFn};

/// Error for `#[handler]`, `#[on]` or `#[fallback]` outside of an actor.
pub(crate) fn misplaced(name: &str, item: TokenStream) -> TokenStream {
    let text = if is_method(&item) {
        format!("`#[{name}]` is read by `#[actor]`: write `#[actor]` above this impl block")
    } else {
        format!("`#[{name}]` belongs on a method inside an `#[actor] impl`")
    };
    let error = Error::new(Span::call_site(), text).into_compile_error();
    quote!(#error #item)
}

/// Tests if a function has a `self`, so that it is in an impl or a trait.
pub(super) fn is_method(item: &TokenStream) -> bool {
    syn::parse2::<ImplItemFn>(item.clone()).is_ok_and(|method| method.sig.receiver().is_some())
}

/// Tests if a function has a `self` and no body, so that it is in a trait.
pub(super) fn is_declaration(item: &TokenStream) -> bool {
    syn::parse2::<TraitItemFn>(item.clone())
        .is_ok_and(|method| method.sig.receiver().is_some() && method.default.is_none())
}

/// Keyword of an item.
pub(super) fn keyword(item: &Item) -> TokenStream {
    match item {
        Item::Const(item) => item.const_token.to_token_stream(),
        Item::Enum(item) => item.enum_token.to_token_stream(),
        Item::Fn(item) => item.sig.fn_token.to_token_stream(),
        Item::Impl(item) => item.impl_token.to_token_stream(),
        Item::Mod(item) => item.mod_token.to_token_stream(),
        Item::Static(item) => item.static_token.to_token_stream(),
        Item::Struct(item) => item.struct_token.to_token_stream(),
        Item::Trait(item) => item.trait_token.to_token_stream(),
        Item::Type(item) => item.type_token.to_token_stream(),
        Item::Union(item) => item.union_token.to_token_stream(),
        Item::Use(item) => item.use_token.to_token_stream(),
        other => other.to_token_stream(),
    }
}
