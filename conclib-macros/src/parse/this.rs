//! Rewrites types for use outside of the `impl` they were written in.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{GenericParam, Generics, Lifetime, Type, parse_quote};

/// Replaces `Self` by the type of the actor.
pub(super) fn named(ty: &Type, self_ty: &Type) -> Type {
    struct Replace<'a>(&'a Type);
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::Path(path) if path.path.is_ident("Self") => *ty = self.0.clone(),
                _ => syn::visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut named = ty.clone();
    Replace(self_ty).visit_type_mut(&mut named);
    named
}

/// Makes every lifetime `'static`, as those of an actor have to be. Used after
/// the lifetime was reported as a mistake.
pub(crate) fn own_lifetimes(generics: &mut Generics, ty: &mut Type) {
    struct Static;
    impl VisitMut for Static {
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
    Static.visit_generics_mut(generics);
    Static.visit_type_mut(ty);
}

/// Parameters of the `impl` that a message mentions, the parameters in their
/// bounds, and the `where` bounds that are only about them.
pub(super) fn used_generics<'a>(
    all: &Generics,
    types: impl IntoIterator<Item = &'a Type>,
) -> Generics {
    let mut words = Words::default();
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
            let mut words = Words::default();
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
struct Words(Vec<String>);

impl Words {
    fn has(&self, ident: &Ident) -> bool {
        self.0.iter().any(|word| ident == word)
    }
}

impl<'ast> Visit<'ast> for Words {
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
