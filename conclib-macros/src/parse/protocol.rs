//! Parses a `#[protocol] trait` as the model of an actor that has only
//! messages.

use syn::{Error, ImplItemFn, ItemTrait, Path, TraitItem, TraitItemFn, parse_quote};

use super::role::{self, Role, role_lints};
use super::self_type::mentions_self;
use super::{Mistakes, method, signature};
use crate::model::{Actor, Kind};

/// Returns `None` if the trait cannot be a protocol. The attributes of conclib
/// are removed also then.
pub(crate) fn protocol_trait(
    runtime: Path,
    item: &mut ItemTrait,
    mistakes: &mut Mistakes,
) -> Option<Actor> {
    let is_plain = item.generics.params.is_empty();
    if let Some(param) = item.generics.params.first() {
        mistakes.push(Error::new_spanned(
            param,
            "the messages of a protocol are the same for every actor, so it has no parameters: name the types",
        ));
    }
    let mut protocol = Actor::new(
        runtime,
        item.ident.clone(),
        parse_quote!(Self),
        syn::Generics::default(),
    );
    protocol.kind = Kind::Protocol;
    for item_of_it in &mut item.items {
        let TraitItem::Fn(written) = item_of_it else {
            continue;
        };
        let mut method = as_in_an_impl(written, &item.vis);
        let role = role::take(&mut method, &protocol.runtime, mistakes);
        written.attrs.clone_from(&method.attrs);
        // Methods that are no messages need no `Self: Actor`.
        let is_message = role.is_some();
        if signature::context(&method.sig).is_some()
            || is_message && mentions_self(&method.sig).is_some()
        {
            let clause = written.sig.generics.make_where_clause();
            let runtime = &protocol.runtime;
            clause.predicates.push(parse_quote!(Self: #runtime::Actor));
        }
        let Some((role, span)) = role else {
            continue;
        };
        written.attrs.push(role_lints());
        let Role::Message(args) = role else {
            mistakes.at(
                span,
                "a protocol has only messages: hooks, `#[handler]`, `#[fallback]` and parts belong in the `#[actor] impl`",
            );
            continue;
        };
        if !is_plain || !is_unconditional(&method, mistakes) {
            continue;
        }
        let handler = method::own_message(&protocol, &method, args, mistakes);
        protocol.handlers.push(handler);
    }
    is_plain.then_some(protocol)
}

fn as_in_an_impl(method: &TraitItemFn, vis: &syn::Visibility) -> ImplItemFn {
    let (attrs, sig) = (&method.attrs, &method.sig);
    let mut method: ImplItemFn = parse_quote!(#vis #sig {});
    method.attrs.clone_from(attrs);
    method
}

/// Checks that a message has no condition: all actors with a protocol have the
/// same messages.
fn is_unconditional(method: &ImplItemFn, mistakes: &mut Mistakes) -> bool {
    let condition = method.attrs.iter().find(|attr| attr.path().is_ident("cfg"));
    if let Some(cfg) = condition {
        mistakes.push(Error::new_spanned(
            cfg,
            "a message of a protocol cannot have a condition: put the condition above the trait, or the message in a separate protocol",
        ));
    }
    condition.is_none()
}
