//! Expansion of `#[conclib::main]` and `#[conclib::test]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Path};

use crate::parse::{Mistakes, entry_args, fill, without_body};

/// Attribute that makes an `async fn` the entry of a program or a test.
struct Entry {
    name: &'static str,
    /// Item that the attribute belongs above, for error texts.
    above: &'static str,
    /// Name of this item, and the advice for one with parameters, for error
    /// texts.
    function: &'static str,
    instead: &'static str,
    /// Expression that runs the body in a runtime.
    run: fn(&Path, &ItemFn) -> TokenStream,
    is_test: bool,
}

const MAIN: Entry = Entry {
    name: "main",
    above: "`async fn main()`",
    function: "the main function",
    instead: "read `std::env::args()` in it",
    run: |runtime, function| {
        let block = &function.block;
        quote!(#runtime::__private::block_on(async #block))
    },
    is_test: false,
};

const TEST: Entry = Entry {
    name: "test",
    above: "an `async fn` of a test",
    function: "a test",
    instead: "make what it needs in it",
    run: |runtime, function| {
        let block = &function.block;
        quote!(#runtime::testing::run(async #block))
    },
    is_test: true,
};

pub(crate) fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    MAIN.expand(args, item)
}

pub(crate) fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    TEST.expand(args, item)
}

impl Entry {
    fn expand(&self, args: TokenStream, item: TokenStream) -> TokenStream {
        let name = self.name;
        let mut mistakes = Mistakes::default();
        let runtime = entry_args(args, &mut mistakes);
        let (signature, body) = without_body(item.clone());
        let Ok(mut function) = syn::parse2::<ItemFn>(signature) else {
            let first = item.clone().into_iter().next();
            mistakes.push(Error::new_spanned(
                first,
                format!("`#[conclib::{name}]` goes above {}", self.above),
            ));
            let mistakes = mistakes.into_tokens();
            return quote!(#mistakes #item);
        };
        fill(&mut function.block, &mut body.into_iter());
        let mut written = function.clone();
        if function.sig.asyncness.take().is_none() {
            mistakes.push(Error::new_spanned(
                function.sig.fn_token,
                format!("`#[conclib::{name}]` runs an `async fn`: write `async` before `fn`"),
            ));
        }
        if !function.sig.inputs.is_empty() {
            mistakes.push(Error::new_spanned(
                &function.sig.inputs,
                format!("{} takes no parameters: {}", self.function, self.instead),
            ));
        }
        if let Some(param) = function.sig.generics.params.first() {
            mistakes.push(Error::new_spanned(
                param,
                format!("{} has no generic parameters", self.function),
            ));
        }
        let body = (self.run)(&runtime, &function);
        let ItemFn {
            attrs, vis, sig, ..
        } = &function;
        if !mistakes.is_empty() {
            // Keeps the item as an async function, inside a function of the
            // expected name, so that the compiler reports nothing else.
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
        let test = self.is_test.then(|| quote!(#[::core::prelude::v1::test]));
        quote! {
            #(#attrs)*
            #test
            #vis #sig {
                #body
            }
        }
    }
}
