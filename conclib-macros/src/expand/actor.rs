//! Expansion of `#[actor]`: above a struct its declared options, above an impl
//! everything else.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Item, ItemImpl, Path, parse_quote};

use super::forked::forked;
use super::generics::{Need, bounded};
use super::misplaced::keyword;
use super::names::imports;
use super::second_block::second_block;
use super::{calls, checked, fields, handlers, hooks, inbox, method, protocols};
use crate::check;
use crate::model::{Actor, ActorArgs, Handler};
use crate::parse::{
    self, Beside, Mistakes, actor_args, actor_impl, borrows, impl_args, impl_block, make_static,
};

pub(crate) fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(input) = syn::parse2::<DeriveInput>(item.clone())
        && !matches!(input.data, syn::Data::Union(_))
    {
        return on_struct(args, input);
    }
    let error = match impl_block(item.clone()) {
        Ok(block) => return on_impl(args, block),
        Err(error) => error,
    };
    match syn::parse2::<Item>(item.clone()) {
        Ok(other) => {
            let error = Error::new_spanned(
                keyword(&other),
                "an actor is a struct or an enum: `#[actor]` goes above its definition, and above one `impl` of it",
            )
            .into_compile_error();
            quote!(#error #item)
        }
        Err(_) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn on_struct(args: TokenStream, mut input: DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let args = actor_args(args, &mut mistakes);
    check::actor_args(&args, &mut mistakes);
    let mut found = parse::fields(&mut input, &args.runtime, &mut mistakes);
    if let Some(found) = &mut found {
        check::fields(found, &mut mistakes);
    }
    if let Some(lifetime) = input.generics.lifetimes().next() {
        mistakes.push(Error::new_spanned(
            lifetime,
            "an actor outlives the code that spawned it and cannot borrow: own the data, or share it in an `Arc`",
        ));
    }
    let declared = declared(&args, &input, mistakes.is_empty());
    let fields = found.map(|found| fields::expand(&args.runtime, &input, &found));
    let mistakes = mistakes.into_tokens();
    quote!(#input #declared #fields #mistakes)
}

fn declared(args: &ActorArgs, input: &DeriveInput, is_sound: bool) -> TokenStream {
    let ActorArgs {
        runtime: path,
        urn,
        mailbox,
        overflow,
        strategy,
        priority,
        timeout,
    } = args;
    let ident = &input.ident;
    let runtime: Path = parse_quote!(__c);
    let generics = bounded(&input.generics, &runtime, |_| Need::Local);
    let (_, ty_generics, _) = generics.split_for_impl();
    let mut self_ty = parse_quote!(#ident #ty_generics);
    let mut generics = generics.clone();
    make_static(&mut generics, &mut self_ty);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let urn = urn.as_ref().map(|urn| {
        quote! {
            const URN: ::core::option::Option<&'static str> = ::core::option::Option::Some(#urn);
        }
    });
    let mailbox = mailbox
        .as_ref()
        .map(|mailbox| quote!(const MAILBOX: usize = #mailbox;));
    let overflow = overflow.as_ref().map(
        |overflow| quote!(const OVERFLOW: #runtime::Overflow = #runtime::Overflow::#overflow;),
    );
    let strategy = strategy.as_ref().map(
        |strategy| quote!(const STRATEGY: #runtime::Strategy = #runtime::Strategy::#strategy;),
    );
    let prioritised = priority
        .then(|| quote!(impl #impl_generics #runtime::Prioritised for #self_ty #where_clause {}));
    let timeout = timeout.map(|timeout| {
        let (secs, nanos) = (timeout.as_secs(), timeout.subsec_nanos());
        quote! {
            const TIMEOUT: ::core::option::Option<::core::time::Duration> =
                ::core::option::Option::Some(::core::time::Duration::new(#secs, #nanos));
        }
    });
    let consts = is_sound.then(|| quote!(#urn #mailbox #overflow #strategy #timeout));
    let allowances = super::allowances();
    quote! {
        #allowances
        const _: () = {
            use #path::__private as __c;
            impl #impl_generics __c::Declared for #self_ty #where_clause {
                #consts
            }
            #prioritised
        };
    }
}

fn on_impl(args: TokenStream, mut block: ItemImpl) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let parsed = impl_args(args.clone(), &mut mistakes);
    let path = parsed.runtime.clone();
    if let Some(forked) = forked(&quote!(actor), &args, &block, &path) {
        return forked;
    }
    let written = block.clone();
    let Some(mut actor) = actor_impl(parsed, &mut block, &mut mistakes) else {
        let (block, mistakes) = (parse::printed(&block), mistakes.into_tokens());
        return quote!(#block #mistakes);
    };
    check::actor(&mut actor, &mut mistakes);
    if let Some(beside) = Beside::of(&written, &actor) {
        check::taken_beside(&mut actor, &beside, &mut mistakes);
        if check::is_second_block(&mut actor, &beside, &mut mistakes) {
            return second_block(actor, &block, mistakes);
        }
        check::calls_beside(&mut actor, &beside, &mut mistakes);
    }
    let (import, alias) = imports(&mut actor);
    let is_sound = mistakes.is_empty();
    let own = || actor.handlers.iter().filter_map(Handler::as_method);
    let (messages, impls) = (own().map(method::item), own().map(method::impls));
    let inbox = inbox::expand(&actor, is_sound);
    let handlers = handlers::expand(&actor, is_sound);
    let create = hooks::create(&actor, is_sound);
    let calls = calls::expand(&actor, &parse_quote!(pub));
    let registration = registration(&actor, &path, is_sound);
    let protocols = protocols::aliases(&actor);
    let checked = checked::aliases(&actor);
    let allowances = super::allowances();
    let (block, mistakes) = (parse::printed(&block), mistakes.into_tokens());
    quote! {
        #block
        #import
        #(#messages)*
        #allowances
        const _: () = {
            #alias
            #(#impls)*
            #checked
            #protocols
            #inbox
            #handlers
            #create
            #registration
        };
        #calls
        #mistakes
    }
}

/// Registers the actor for processes of its own; a generic one is not known yet.
fn registration(actor: &Actor, conclib: &Path, is_sound: bool) -> Option<TokenStream> {
    let Actor {
        self_ty, generics, ..
    } = actor;
    let is_one_type = generics.params.is_empty();
    let args = actor.create.as_ref().and_then(|hook| hook.param.as_ref());
    let by = args.is_some_and(borrows).then(|| quote!(, value));
    (is_sound && is_one_type && !actor.thread)
        .then(|| quote!(use #conclib::__in_process; __in_process!(#self_ty #by);))
}
