//! The shape of a type, as a constant expression.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Path, Type};

/// The shape of a struct or an enum.
pub(super) fn of_data(input: &DeriveInput, runtime: &Path) -> TokenStream {
    match &input.data {
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let name = variant.ident.unraw().to_string();
                let fields = of_fields(&variant.fields, &input.ident, runtime);
                let cfg = conditions(&variant.attrs);
                quote! {
                    #(#cfg)*
                    let shape = #runtime::__private::variant(shape, #name, { #fields });
                }
            });
            quote! {
                let shape = #runtime::__private::hash("variants");
                #(#variants)*
                shape
            }
        }
        Data::Struct(data) => of_fields(&data.fields, &input.ident, runtime),
        Data::Union(_) => quote!(0),
    }
}

/// The shape of a struct or of a variant: its fields in their order. A field
/// that mentions the type itself counts by name: the shape would never end.
pub(super) fn of_fields(fields: &Fields, this: &Ident, runtime: &Path) -> TokenStream {
    let parts = fields.iter().enumerate().map(|(at, field)| {
        let name = match &field.ident {
            Some(ident) => ident.unraw().to_string(),
            None => at.to_string(),
        };
        let shape = if mentions(&field.ty, this) {
            let name = bare_name(&field.ty);
            quote!(#runtime::__private::hash(#name))
        } else {
            of_type(&field.ty, runtime)
        };
        let cfg = conditions(&field.attrs);
        quote! {
            #(#cfg)*
            let shape = #runtime::__private::field(shape, #name, #shape);
        }
    });
    quote! {
        let shape = #runtime::__private::hash("fields");
        #(#parts)*
        shape
    }
}

/// The shape of a type as a field: what it says of itself, or its bare name.
/// `Fallback` has to be in scope around it.
pub(super) fn of_type(ty: &Type, runtime: &Path) -> TokenStream {
    let name = bare_name(ty);
    quote! {
        #runtime::__private::shape_or_name(<#runtime::__private::Probe<#ty>>::SHAPE, #name)
    }
}

/// A type as it was written, without the paths to it: two builds may have it
/// in different places.
fn bare_name(ty: &Type) -> String {
    struct Bare;
    impl VisitMut for Bare {
        fn visit_path_mut(&mut self, path: &mut Path) {
            if let Some(last) = path.segments.last().cloned() {
                path.leading_colon = None;
                path.segments = std::iter::once(last).collect();
            }
            syn::visit_mut::visit_path_mut(self, path);
        }
    }
    let mut bare = ty.clone();
    Bare.visit_type_mut(&mut bare);
    // How tokens are spaced is up to the compiler, and two may differ.
    let mut text = bare.into_token_stream().to_string();
    text.retain(|ch| !ch.is_whitespace());
    text
}

/// A field that is not there has no part in the shape.
fn conditions(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}

fn mentions(ty: &Type, this: &Ident) -> bool {
    struct Find<'a>(&'a Ident, bool);
    impl<'ast> syn::visit::Visit<'ast> for Find<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.1 |= ident == self.0 || ident == "Self";
        }
    }
    let mut find = Find(this, false);
    syn::visit::Visit::visit_type(&mut find, ty);
    find.1
}
