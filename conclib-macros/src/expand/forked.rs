//! Expansion of a block with conditional methods.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ItemImpl, Path};

use crate::parse::{fork, printed};

/// Expands a block with conditional methods into two blocks: one with them, and
/// one without.
pub(super) fn forked(
    name: &TokenStream,
    args: &TokenStream,
    block: &ItemImpl,
    runtime: &Path,
) -> Option<TokenStream> {
    let fork = fork(block, runtime)?;
    let (condition, with, without) = (fork.condition, printed(&fork.with), printed(&fork.without));
    // Mistakes in the generated blocks are reported at the attribute as it was
    // written.
    let attribute = quote::quote_spanned!(Span::call_site()=> #[#runtime::#name(#args)]);
    Some(quote! {
        #[cfg(#condition)]
        #attribute
        #with
        #[cfg(not(#condition))]
        #attribute
        #without
    })
}
