//! Expansion of `#[conclib::main]` and `#[conclib::test]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, FnArg, Ident, ItemFn, Path, ReturnType, parse_quote};

use crate::parse::{Mistakes, entry_args, fill, without_body};

/// Attribute that makes an `async fn` the entry of a program or a test.
struct Entry {
    name: &'static str,
    /// Item that the attribute belongs above, for error texts.
    above: &'static str,
    /// Name of this item, and the advice for one with other parameters, for error
    /// texts.
    function: &'static str,
    instead: &'static str,
    /// Expression that makes its system.
    system: fn(&Path) -> TokenStream,
    /// Expression that runs a future in a runtime.
    run: fn(&Path, &TokenStream) -> TokenStream,
    is_test: bool,
}

const MAIN: Entry = Entry {
    name: "main",
    above: "`async fn main()`",
    function: "the main function",
    instead: "read `std::env::args()` in it",
    system: |private| quote!(#private::system_of(::core::module_path!())),
    run: |private, future| {
        quote! {
            use #private::MainBeside as _;
            #private::Main(#future).run()
        }
    },
    is_test: false,
};

const TEST: Entry = Entry {
    name: "test",
    above: "an `async fn` of a test",
    function: "a test",
    instead: "make what it needs in it",
    system: |_| quote!(__testing::system()),
    run: |_, future| quote!(__testing::run(#future)),
    is_test: true,
};

pub(crate) fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    MAIN.expand(args, item)
}

pub(crate) fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    TEST.expand(args, item)
}

/// Returns the name that the test harness shows for a function: a raw one only if it is a keyword.
fn as_shown(name: &Ident) -> Ident {
    let plain = syn::parse_str(&name.unraw().to_string());
    plain.unwrap_or_else(|_| name.clone())
}

impl Entry {
    fn expand(&self, args: TokenStream, item: TokenStream) -> TokenStream {
        let name = self.name;
        let mut mistakes = Mistakes::default();
        let conclib = entry_args(args, &mut mistakes);
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
        let takes_system = match function.sig.inputs.first() {
            Some(FnArg::Typed(system)) if function.sig.inputs.len() == 1 => Some(&system.ty),
            None => None,
            Some(_) => {
                mistakes.push(Error::new_spanned(
                    &function.sig.inputs,
                    format!(
                        "{} takes no parameter but `system: System`: {}",
                        self.function, self.instead
                    ),
                ));
                None
            }
        };
        if let Some(param) = function.sig.generics.params.first() {
            mistakes.push(Error::new_spanned(
                param,
                format!("{} has no generic parameters", self.function),
            ));
        }
        // The compiler reports every import of a wrong path in one error, and nothing of what
        // depends on it.
        let private: Path = parse_quote!(__private);
        let future = match takes_system {
            None => quote!(__body()),
            Some(system) => {
                let made = (self.system)(&private);
                let given = quote_spanned!(system.span()=> #private::given::<#system>);
                quote!(#private::with_system(#made, |system| __body(#given(system))))
            }
        };
        let run = (self.run)(&private, &future);
        let ItemFn {
            attrs,
            vis,
            sig,
            block,
            ..
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
        let testing = self.is_test.then(|| quote!(testing as __testing,));
        let test = self.is_test.then(|| quote!(#[::core::prelude::v1::test]));
        let (name, inputs) = (&sig.ident, &sig.inputs);
        let entrance = self.is_test.then(|| as_shown(name));
        let output = match &sig.output {
            // The last expression may be a report of a shutdown.
            ReturnType::Default if !self.is_test => quote!(-> impl ::std::process::Termination),
            output => quote!(#output),
        };
        quote! {
            #(#attrs)*
            #test
            #vis fn #name() #output {
                #[allow(unused_imports)]
                use #conclib::{#testing __private, __process_entry};
                __process_entry!(#entrance);
                async fn __body(#inputs) #output #block
                #run
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_keyword_is_shown_raw() {
        for (written, shown) in [("hello", "hello"), ("r#hello", "hello"), ("r#try", "r#try")] {
            let written: Ident = match written.strip_prefix("r#") {
                Some(name) => Ident::new_raw(name, proc_macro2::Span::call_site()),
                None => Ident::new(written, proc_macro2::Span::call_site()),
            };
            assert_eq!(as_shown(&written).to_string(), shown);
        }
    }
}
