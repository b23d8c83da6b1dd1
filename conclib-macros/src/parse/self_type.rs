//! Types that mention `Self`, the lifetimes or the parameters of the `impl` they
//! were written in, for use outside of it.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{GenericParam, Generics, Lifetime, Type, TypeReference, parse_quote};

use super::{Mistakes, signature};

/// Replaces `Self` by the type of the actor.
pub(super) fn without_self(ty: &Type, self_ty: &Type) -> Type {
    struct ReplaceSelf<'a>(&'a Type);
    impl VisitMut for ReplaceSelf<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::Path(path) if path.path.is_ident("Self") => *ty = self.0.clone(),
                _ => syn::visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut without_self = ty.clone();
    ReplaceSelf(self_ty).visit_type_mut(&mut without_self);
    without_self
}

/// Tells whether a type is written with a lifetime, so that serde may not own what it reads.
pub(crate) fn borrows(ty: &Type) -> bool {
    struct Borrows(bool);
    impl Visit<'_> for Borrows {
        fn visit_lifetime(&mut self, _: &Lifetime) {
            self.0 = true;
        }
        fn visit_type_reference(&mut self, _: &TypeReference) {
            self.0 = true;
        }
    }
    let mut borrows = Borrows(false);
    borrows.visit_type(ty);
    borrows.0
}

/// Makes every lifetime `'static`, as those of an actor have to be. Used after
/// the lifetime was reported as a mistake.
pub(crate) fn make_static(generics: &mut Generics, ty: &mut Type) {
    struct StaticLifetimes;
    impl VisitMut for StaticLifetimes {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            *lifetime = parse_quote!('static);
        }
    }
    generics.params = std::mem::take(&mut generics.params)
        .into_iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)))
        .collect();
    if let Some(clause) = &mut generics.where_clause {
        clause.predicates = std::mem::take(&mut clause.predicates)
            .into_iter()
            .filter(|predicate| !matches!(predicate, syn::WherePredicate::Lifetime(_)))
            .collect();
    }
    StaticLifetimes.visit_generics_mut(generics);
    StaticLifetimes.visit_type_mut(ty);
}

/// Parameters of the `impl` that a message mentions, the parameters in their
/// bounds, and the `where` bounds that are only about them.
pub(super) fn used_generics<'a>(
    all: &Generics,
    types: impl IntoIterator<Item = &'a Type>,
) -> Generics {
    let mut words = Identifiers::default();
    for ty in types {
        words.visit_type(ty);
    }
    let (mut used, mut unused): (Vec<_>, Vec<_>);
    loop {
        (used, unused) = all
            .params
            .iter()
            .cloned()
            .partition(|param| words.has(ident(param)));
        let known = words.0.len();
        for param in &used {
            words.visit_generic_param(param);
        }
        if !unused.iter().any(|param| words.has(ident(param))) || words.0.len() == known {
            break;
        }
    }
    let mut generics = all.clone();
    generics.params = used.into_iter().collect();
    if let Some(clause) = &mut generics.where_clause {
        let kept = clause.predicates.iter().filter(|predicate| {
            let mut words = Identifiers::default();
            words.visit_where_predicate(predicate);
            !unused.iter().any(|param| words.has(ident(param)))
        });
        clause.predicates = kept.cloned().collect();
    }
    generics
}

fn ident(param: &GenericParam) -> &Ident {
    match param {
        GenericParam::Type(param) => &param.ident,
        GenericParam::Const(param) => &param.ident,
        GenericParam::Lifetime(param) => &param.lifetime.ident,
    }
}

/// Identifiers in a type.
#[derive(Default)]
struct Identifiers(Vec<String>);

impl Identifiers {
    fn has(&self, ident: &Ident) -> bool {
        self.0.iter().any(|word| ident == word)
    }
}

impl<'ast> Visit<'ast> for Identifiers {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.0.push(ident.to_string());
    }

    /// Reads the tokens of a macro in a type, such as `vec_of![T]`, which syn
    /// does not parse.
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let text = mac.to_token_stream().to_string();
        let words = text.split(|ch: char| !ch.is_alphanumeric() && ch != '_');
        self.0.extend(words.map(str::to_owned));
    }
}

/// Span at which a message of a protocol mentions `Self`. The type of the
/// message is declared outside of the actors, so it cannot.
pub(super) fn mentions_self(signature: &syn::Signature) -> Option<Span> {
    struct FindSelf(Option<Span>);
    impl<'ast> Visit<'ast> for FindSelf {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            if ident == "Self" && self.0.is_none() {
                self.0 = Some(ident.span());
            }
        }
    }
    let mut find = FindSelf(None);
    let mut ignored = Mistakes::default();
    for param in signature::params(signature, &mut ignored).rest {
        find.visit_type(&param.ty);
    }
    find.visit_return_type(&signature.output);
    find.0
}
