//! Types that share their state, as far as tokens show. A copy of one in another
//! process would be another state, so it never travels, even where a feature of
//! serde makes it a serde type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Tests for an `Rc`, or an `Arc` around state that can change, anywhere in a
/// type.
pub(super) fn is_shared(ty: &Type) -> bool {
    struct FindShared(bool);
    impl<'ast> Visit<'ast> for FindShared {
        fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
            let changes = || content(segment).is_some_and(changes);
            self.0 |= segment.ident == "Rc" || segment.ident == "Arc" && changes();
            syn::visit::visit_path_segment(self, segment);
        }
    }
    let mut find = FindShared(false);
    find.visit_type(ty);
    find.0
}

/// `T` of an `Arc<T>`.
fn content(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(args) = &segment.arguments else {
        return None;
    };
    match args.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

fn changes(ty: &Type) -> bool {
    let Type::Path(ty) = ty else {
        return false;
    };
    ty.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.starts_with("Atomic") || ["Mutex", "RwLock"].contains(&name.as_str())
    })
}

/// Type in the bound that a part can travel. State that is shared has one that
/// never does.
pub(super) fn bound(ty: &Type) -> TokenStream {
    match is_shared(ty) {
        true => quote!(__p::SharedState<#ty>),
        false => quote!(#ty),
    }
}
