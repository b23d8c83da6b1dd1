//! The attribute `#[support::test]`.

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// Marks a test, of a plain or an async function, that fails when it hangs: its
/// body runs on a thread of its own, for which the test waits a limited time.
///
/// Takes the settings of `#[tokio::test]` for an async function:
/// `start_paused`, `flavor`, `worker_threads`. `alone` gives the test a process
/// of its own.
#[proc_macro_attribute]
pub fn test(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand(settings, item).unwrap_or_else(|error| {
        let error = format!("::core::compile_error!({error:?});");
        error.parse::<TokenStream>().into_iter().flatten().collect()
    })
}

fn expand(settings: TokenStream, item: TokenStream) -> Result<TokenStream, &'static str> {
    const NOT_A_TEST: &str = "a test is a function without parameters";
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let is = |at: usize, word: &str| {
        let token = tokens.get(at);
        token.is_some_and(|token| token.to_string() == word)
    };
    let at = (0..tokens.len())
        .find(|at| is(*at, "fn"))
        .ok_or(NOT_A_TEST)?;
    let is_async = at > 0 && is(at - 1, "async");
    let before = if is_async { at - 1 } else { at };
    let [name, TokenTree::Group(parameters), output @ .., body] = &tokens[at + 1..] else {
        return Err(NOT_A_TEST);
    };
    if parameters.delimiter() != Delimiter::Parenthesis || !parameters.stream().is_empty() {
        return Err(NOT_A_TEST);
    }

    let mut calls = String::new();
    let mut is_alone = false;
    for setting in split(settings) {
        match setting.split_once('=') {
            Some((key, value)) => calls += &format!(".{}({value})", key.trim()),
            None if setting.trim() == "alone" => is_alone = true,
            None => return Err("expected `alone`, or `key = value` as for `#[tokio::test]`"),
        }
    }
    if !(is_async || calls.is_empty()) {
        return Err("only an async test has a runtime");
    }
    let run = match is_async {
        true => format!(
            "|| ::support::Runtime::default(){calls}.block_on(::std::boxed::Box::pin(body()))"
        ),
        false => "body".to_owned(),
    };
    let run = match is_alone {
        true => format!(
            "::support::alone(&::support::name_in(::core::module_path!(), {:?}), || \
             ::support::in_time(::std::boxed::Box::new({run})))",
            name.to_string()
        ),
        false => format!("::support::in_time(::std::boxed::Box::new({run}))"),
    };

    let mut test: TokenStream = tokens[..before].iter().cloned().collect();
    test.extend(parse("#[::core::prelude::v1::test]"));
    test.extend([tokens[at].clone(), name.clone(), tokens[at + 2].clone()]);
    test.extend(output.iter().cloned());
    let mut inner: TokenStream = tokens[before..=at].iter().cloned().collect();
    inner.extend(parse("body()"));
    inner.extend(output.iter().cloned());
    inner.extend([body.clone()]);
    inner.extend(parse(&run));
    test.extend([TokenTree::Group(proc_macro::Group::new(
        Delimiter::Brace,
        inner,
    ))]);
    Ok(test)
}

/// Settings, separated by commas.
fn split(settings: TokenStream) -> Vec<String> {
    let text = settings.to_string();
    let parts = text.split(',').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn parse(code: &str) -> TokenStream {
    code.parse().unwrap_or_default()
}
