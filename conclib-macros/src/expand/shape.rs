//! Shape of a type, as a constant expression.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericArgument, Path, PathArguments, Type, TypePath,
    parse_quote,
};

use crate::model::Message;

/// Shape of a struct or an enum.
pub(super) fn of_data(input: &DeriveInput) -> TokenStream {
    match &input.data {
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let name = variant.ident.unraw().to_string();
                let fields = of_fields(&variant.fields);
                let cfg = conditions(&variant.attrs);
                quote!(#(#cfg)* (#name, #fields))
            });
            quote!(__p::variants(&[#(#variants),*]))
        }
        Data::Struct(data) => of_fields(&data.fields),
        Data::Union(_) => quote!(0),
    }
}

/// Shape of a struct or of a variant: its fields in their order.
pub(super) fn of_fields(fields: &Fields) -> TokenStream {
    let parts = fields.iter().enumerate().map(|(at, field)| {
        let name = match &field.ident {
            Some(ident) => ident.unraw().to_string(),
            None => at.to_string(),
        };
        let shape = of_type(&field.ty, &depth().into_token_stream());
        let cfg = conditions(&field.attrs);
        quote!(#(#cfg)* (#name, #shape))
    });
    quote!(__p::fields(&[#(#parts),*]))
}

/// Shape of a reply or an error; that of no error if there is none.
pub(super) fn of_answer(ty: Option<&Type>) -> TokenStream {
    match ty {
        Some(Type::Tuple(tuple)) if tuple.elems.is_empty() => quote!(__p::UNIT),
        Some(ty) => of_type(ty, &quote!(__p::Full)),
        None => quote!(__p::NEVER),
    }
}

/// Impl of `Shape` for the type of a message.
pub(super) fn impls(message: &Message, shape: &TokenStream) -> TokenStream {
    let self_ty = &message.self_ty;
    let depth = depth();
    let (impl_generics, _, where_clause) = message.generics.split_for_impl();
    let open = message.generics.type_params().next().map(|_| {
        quote!(
            const OPEN: bool = true;
        )
    });
    let mut with_depth = message.generics.clone();
    with_depth.params.push(parse_quote!(#depth: __p::Depth));
    let (with_depth, _, _) = with_depth.split_for_impl();
    quote! {
        impl #impl_generics __p::Shape for #self_ty #where_clause {
            #open
            type At<#depth: __p::Depth> = __p::Of<Self, #depth>;
        }
        impl #with_depth __p::ShapeAt<#depth> for #self_ty #where_clause {
            const SHAPE: u64 = {
                use __p::Fallback as _;
                #shape
            };
        }
    }
}

/// Parameter of [`impls`] that limits the depth of a shape.
fn depth() -> Ident {
    Ident::new("__D", Span::call_site())
}

/// Shape of the type of a field: its own `Shape` if it has one, otherwise its
/// bare name and the shapes of its type arguments. `Fallback` has to be in
/// scope around it.
fn of_type(ty: &Type, depth: &TokenStream) -> TokenStream {
    probed(ty, depth, "SHAPE")
}

fn probed(ty: &Type, depth: &TokenStream, constant: &str) -> TokenStream {
    let probe = quote!(<__p::Probe<#ty, #depth>>);
    let shape = Ident::new(constant, Span::call_site());
    let (name, parameters) = parts(ty);
    if parameters.is_empty() {
        return quote!(__p::shape_or_name(#probe::#shape, #name));
    }
    let parameters = parameters.into_iter().map(|ty| probed(ty, depth, "INSIDE"));
    quote!(__p::with_parameters(#probe::#shape, #probe::OPEN, #name, &[#(#parameters),*]))
}

/// A type as its name and its type arguments.
fn parts(ty: &Type) -> (String, Vec<&Type>) {
    match ty {
        Type::Group(group) => parts(&group.elem),
        Type::Paren(paren) => parts(&paren.elem),
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            ("tuple".to_owned(), tuple.elems.iter().collect())
        }
        Type::Array(array) => {
            let name = format!("array of {}", text(&array.len));
            (name, vec![&array.elem])
        }
        Type::Slice(slice) => ("slice".to_owned(), vec![&slice.elem]),
        Type::Reference(reference) => parts(&reference.elem),
        Type::Path(TypePath {
            qself: None, path, ..
        }) => of_path(path),
        _ => (bare_name(ty), Vec::new()),
    }
}

/// Last segment of a path, as two builds may have the type in different
/// modules. Lifetimes are left out: no encoding has them.
fn of_path(path: &Path) -> (String, Vec<&Type>) {
    let Some(last) = path.segments.last() else {
        return (text(path), Vec::new());
    };
    let mut name = last.ident.unraw().to_string();
    let mut types = Vec::new();
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            for argument in &arguments.args {
                match argument {
                    GenericArgument::Type(ty) if !may_be_constant(ty) => types.push(ty),
                    GenericArgument::Lifetime(_) => {}
                    other => name.push_str(&text(other)),
                }
            }
        }
        other => name.push_str(&text(other)),
    }
    (name, types)
}

/// Tests if an argument such as `N` in `Slots<N>` may be a constant, which has
/// no shape: then its name counts.
fn may_be_constant(ty: &Type) -> bool {
    let Type::Path(TypePath { path, .. }) = ty else {
        return false;
    };
    let is_plain = path.segments.iter().all(|part| part.arguments.is_none());
    let last = path.segments.last();
    is_plain && last.is_some_and(|last| !last.ident.to_string().contains(char::is_lowercase))
}

/// A type as it was written, without the paths to it: two builds may have it in
/// different modules.
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
    text(&bare)
}

/// Tokens without the space between them: it differs between compilers.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    text.retain(|ch| !ch.is_whitespace());
    text
}

/// Conditions on a field: one that is compiled out is left out of the shape.
fn conditions(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}
