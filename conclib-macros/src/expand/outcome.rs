//! Reply and error of a message that may be more visible than its reply or error is.
//!
//! An associated type may not be more private than its impl. A type parameter that a bound fixes is
//! never private, so one impl gives the two types to the other. A method without a visibility so may
//! answer with a private type, as it may take one.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::{Generics, Ident, Path, Type, parse_quote};

use crate::model::Message;

/// Types that everybody can see, as far as tokens show.
const PUBLIC: [&str; 30] = [
    "Arc", "BTreeMap", "BTreeSet", "Box", "Duration", "HashMap", "HashSet", "Instant", "Option",
    "String", "Urn", "Vec", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8",
    "isize", "str", "std", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Impl that gives reply and error of a message to its impl of `Message`; `None` if both are public.
pub(super) fn of_private(message: &Message, generics: &Generics) -> Option<TokenStream> {
    let answers = [Some(&message.reply), message.error.as_ref()];
    let mut answers = answers.into_iter().flatten();
    if !message.hides || answers.all(|ty| is_public(ty, generics)) {
        return None;
    }
    let (self_ty, reply) = (&message.self_ty, &message.reply);
    let error: Type = match &message.error {
        Some(error) => error.clone(),
        None => parse_quote!(__p::Never),
    };
    let mut generics = generics.clone();
    generics.params.push(parse_quote!(__R));
    generics.params.push(parse_quote!(__E));
    let clause = generics.make_where_clause();
    clause.predicates.push(parse_quote!(
        (#reply, #error): __p::Outcome<Reply = __R, Error = __E>
    ));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    Some(quote! {
        #[doc(hidden)]
        impl #impl_generics __p::Outcome for #self_ty #where_clause {
            type Reply = __R;
            type Error = __E;
        }
    })
}

fn is_public(ty: &Type, generics: &Generics) -> bool {
    struct FindPrivate<'a>(&'a Generics, bool);
    impl FindPrivate<'_> {
        fn is_public(&self, name: &Ident) -> bool {
            let mut params = self.0.type_params().map(|param| &param.ident);
            PUBLIC.iter().any(|public| name == public) || params.any(|param| param == name)
        }
    }
    impl<'ast> Visit<'ast> for FindPrivate<'_> {
        fn visit_path(&mut self, path: &'ast Path) {
            let first = path.segments.first().map(|first| &first.ident);
            self.1 |=
                first.is_some_and(|first| !self.is_public(first) && path.leading_colon.is_none());
            syn::visit::visit_path(self, path);
        }
    }
    let mut find = FindPrivate(generics, false);
    find.visit_type(ty);
    !find.1
}
