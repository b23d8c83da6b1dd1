//! `#[conclib::main]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn};

use crate::parse::{Mistakes, entry_args};

pub(crate) fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = entry_args(args, &mut mistakes);
    let Ok(mut function) = syn::parse2::<ItemFn>(item.clone()) else {
        let first = item.clone().into_iter().next();
        mistakes.push(Error::new_spanned(
            first,
            "`#[conclib::main]` goes above `async fn main()`",
        ));
        let mistakes = mistakes.into_tokens();
        return quote!(#mistakes #item);
    };
    let mut written = function.clone();
    if function.sig.asyncness.take().is_none() {
        mistakes.push(Error::new_spanned(
            function.sig.fn_token,
            "`#[conclib::main]` runs an `async fn`: write `async` before `fn`",
        ));
    }
    if !function.sig.inputs.is_empty() {
        mistakes.push(Error::new_spanned(
            &function.sig.inputs,
            "the main function takes no parameters: read `std::env::args()` in it",
        ));
    }
    if let Some(param) = function.sig.generics.params.first() {
        mistakes.push(Error::new_spanned(
            param,
            "the main function has no generic parameters",
        ));
    }
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = &function;
    if !mistakes.is_empty() {
        // Kept as the function it should be, with the `main` that a program
        // needs around it.
        written.sig.asyncness = Some(syn::parse_quote!(async));
        let mistakes = mistakes.into_tokens();
        let name = &sig.ident;
        return quote! {
            #vis fn #name() {
                #[allow(dead_code)]
                #written
            }
            #mistakes
        };
    }
    quote! {
        #(#attrs)*
        #vis #sig {
            #runtime::__private::block_on(async #block)
        }
    }
}
