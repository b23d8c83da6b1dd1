//! `#[conclib::main]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn};

use crate::parse::{Mistakes, impl_args};

pub(crate) fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let runtime = impl_args(args, &mut mistakes);
    let mut function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#error #item);
        }
    };
    if function.sig.asyncness.take().is_none() {
        mistakes.push(Error::new_spanned(
            function.sig.fn_token,
            "`#[conclib::main]` runs an `async fn`: write `async` here",
        ));
    }
    if let Some(input) = function.sig.inputs.first() {
        mistakes.push(Error::new_spanned(
            input,
            "the main function takes no parameters",
        ));
    }
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = &function;
    let mistakes = mistakes.into_tokens();
    quote! {
        #(#attrs)*
        #vis #sig {
            #runtime::__private::block_on(async #block)
        }
        #mistakes
    }
}
