//! Serde code of a message: each part is written and read by itself, and one that is no serde type
//! is refused at run time, so that every message compiles.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Field, Fields, Generics, Type};

use super::local;
use super::shared::is_shared;

/// Type whose parts are written and read.
pub(super) struct Encoded<'a> {
    pub(super) ident: &'a Ident,
    pub(super) self_ty: &'a Type,
    /// Generics with the bounds that its parts need.
    pub(super) generics: &'a Generics,
}

impl Encoded<'_> {
    /// Impl of `Serialize` around an expression of the result.
    fn serialize(&self, body: &TokenStream) -> TokenStream {
        let self_ty = self.self_ty;
        let (impl_generics, _, where_clause) = self.generics.split_for_impl();
        let serializer = local("serializer");
        quote! {
            impl #impl_generics __p::Serialize for #self_ty #where_clause {
                fn serialize<__S: __p::Serializer>(
                    &self,
                    #serializer: __S,
                ) -> __p::Result<__S::Ok, __S::Error> {
                    #body
                }
            }
        }
    }

    /// Impl of `Deserialize` around an expression of the result.
    fn deserialize(&self, body: &TokenStream) -> TokenStream {
        let self_ty = self.self_ty;
        let mut generics = self.generics.clone();
        generics.params.insert(0, syn::parse_quote!('de));
        let (impl_generics, _, _) = generics.split_for_impl();
        let where_clause = &self.generics.where_clause;
        let deserializer = local("deserializer");
        quote! {
            impl #impl_generics __p::Deserialize<'de> for #self_ty #where_clause {
                fn deserialize<__D: __p::Deserializer<'de>>(
                    #deserializer: __D,
                ) -> __p::Result<Self, __D::Error> {
                    #body
                }
            }
        }
    }

    /// Name of the type on the wire of formats that have one.
    fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// Serde code of a struct with named fields; `rest` are fields without a value on the wire.
pub(super) fn of_named(
    encoded: &Encoded<'_>,
    fields: &[(&Ident, &Type)],
    rest: Option<&TokenStream>,
) -> (TokenStream, TokenStream) {
    let (name, count) = (encoded.name(), Literal::usize_unsuffixed(fields.len()));
    let (serializer, deserializer) = (local("serializer"), local("deserializer"));
    let written = fields.iter().map(|(ident, ty)| {
        let (name, field) = (ident.unraw().to_string(), field(ty, &quote!(#ident)));
        quote!(.field(#name, &#field)?)
    });
    let read_self = (!fields.is_empty()).then(|| {
        let idents = fields.iter().map(|(ident, _)| *ident);
        quote!(let Self { #(#idents,)* .. } = self;)
    });
    let write = quote! {
        use __p::NoField as _;
        #read_self
        __p::write_struct(#serializer, #name, #count)? #(#written)* .end()
    };
    let names = fields.iter().map(|(ident, _)| ident.unraw().to_string());
    let types = fields.iter().map(|(_, ty)| *ty);
    let (seeds, idents) = (seeds(types), fields.iter().map(|(ident, _)| *ident));
    let (pattern, idents) = (list(idents.clone()), idents);
    let read = quote! {
        use __p::NoSeed as _;
        let #pattern = __p::read_struct(#deserializer, #name, &[#(#names),*], #seeds)?;
        __p::Ok(Self { #(#idents,)* #rest })
    };
    (encoded.serialize(&write), encoded.deserialize(&read))
}

/// Serde code of a declared type; `None` for one that serde's derives are left to: it has serde's
/// attributes or conditions, or has no value.
pub(super) fn of_data(
    encoded: &Encoded<'_>,
    input: &DeriveInput,
) -> Option<(TokenStream, TokenStream)> {
    if !is_plain(input) {
        return None;
    }
    Some(match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                let fields: Vec<_> = fields.named.iter().filter_map(named).collect();
                of_named(encoded, &fields, None)
            }
            Fields::Unnamed(fields) => {
                let types: Vec<_> = fields.unnamed.iter().map(|field| &field.ty).collect();
                of_tuple(encoded, &types)
            }
            Fields::Unit => of_unit(encoded),
        },
        Data::Enum(data) => of_enum(encoded, data),
        Data::Union(_) => return None,
    })
}

fn named(field: &Field) -> Option<(&Ident, &Type)> {
    Some((field.ident.as_ref()?, &field.ty))
}

/// Tests for a type whose serde code is not left to serde's derives.
pub(super) fn is_plain(input: &DeriveInput) -> bool {
    let fields: Box<dyn Iterator<Item = &Field>> = match &input.data {
        Data::Struct(data) => Box::new(data.fields.iter()),
        Data::Enum(data) => Box::new(data.variants.iter().flat_map(|one| &one.fields)),
        Data::Union(_) => return false,
    };
    let variants = match &input.data {
        Data::Enum(data) if data.variants.is_empty() => return false,
        Data::Enum(data) => Some(&data.variants),
        _ => None,
    };
    let variants = variants.into_iter().flatten().flat_map(|one| &one.attrs);
    let attrs = fields.flat_map(|field| &field.attrs);
    let mut attrs = input.attrs.iter().chain(attrs).chain(variants);
    !attrs.any(|attr| {
        ["serde", "cfg", "cfg_attr"]
            .iter()
            .any(|name| attr.path().is_ident(name))
    })
}

fn of_unit(encoded: &Encoded<'_>) -> (TokenStream, TokenStream) {
    let name = encoded.name();
    let (serializer, deserializer) = (local("serializer"), local("deserializer"));
    (
        encoded.serialize(&quote!(#serializer.serialize_unit_struct(#name))),
        encoded.deserialize(&quote!(__p::read_unit(#deserializer, #name).map(|()| Self))),
    )
}

fn of_tuple(encoded: &Encoded<'_>, types: &[&Type]) -> (TokenStream, TokenStream) {
    let name = encoded.name();
    let (serializer, deserializer) = (local("serializer"), local("deserializer"));
    if let [only] = types {
        let (field, seed) = (field(only, &quote!(&self.0)), seed(only));
        let write = quote! {
            use __p::NoField as _;
            #serializer.serialize_newtype_struct(#name, &#field)
        };
        let read = quote! {
            use __p::NoSeed as _;
            __p::read_newtype(#deserializer, #name, #seed).map(Self)
        };
        return (encoded.serialize(&write), encoded.deserialize(&read));
    }
    let count = Literal::usize_unsuffixed(types.len());
    let written = types.iter().enumerate().map(|(at, ty)| {
        let at = syn::Index::from(at);
        let field = field(ty, &quote!(&self.#at));
        quote!(.field(&#field)?)
    });
    let write = quote! {
        use __p::NoField as _;
        __p::write_tuple(#serializer, #name, #count)? #(#written)* .end()
    };
    let idents = positions(types.len());
    let (seeds, pattern) = (seeds(types.iter().copied()), list(idents.iter()));
    let read = quote! {
        use __p::NoSeed as _;
        let #pattern = __p::read_tuple(#deserializer, #name, #count, #seeds)?;
        __p::Ok(Self(#(#idents),*))
    };
    (encoded.serialize(&write), encoded.deserialize(&read))
}

fn of_enum(encoded: &Encoded<'_>, data: &syn::DataEnum) -> (TokenStream, TokenStream) {
    let name = encoded.name();
    let deserializer = local("deserializer");
    let variants = data.variants.iter().enumerate();
    let (written, read): (Vec<_>, Vec<_>) = variants
        .map(|(at, variant)| of_variant(&name, at, variant))
        .unzip();
    let names = data
        .variants
        .iter()
        .map(|one| one.ident.unraw().to_string());
    let last = read.len() - 1;
    let indices = (0..read.len()).map(|at| {
        let index = Literal::usize_unsuffixed(at);
        if at == last {
            quote!(_)
        } else {
            quote!(#index)
        }
    });
    let write = quote! {
        use __p::NoField as _;
        match self { #(#written)* }
    };
    let self_ty = encoded.self_ty;
    let (impl_generics, _, where_clause) = encoded.generics.split_for_impl();
    let access = local("access");
    let variants = quote! {
        impl #impl_generics __p::Variants for #self_ty #where_clause {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            fn read<'de, __A: __p::VariantAccess<'de>>(
                index: usize,
                #access: __A,
            ) -> __p::Result<Self, __A::Error> {
                use __p::NoSeed as _;
                match index { #(#indices => #read,)* }
            }
        }
    };
    let read = encoded.deserialize(&quote!(__p::read_enum(#deserializer, #name)));
    (encoded.serialize(&write), quote!(#variants #read))
}

/// Arms that write and that read one variant.
fn of_variant(name: &str, at: usize, variant: &syn::Variant) -> (TokenStream, TokenStream) {
    let ident = &variant.ident;
    let shown = ident.unraw().to_string();
    let path = format!("{name}::{shown}");
    let index = Literal::usize_unsuffixed(at);
    let (serializer, access) = (local("serializer"), local("access"));
    let count = Literal::usize_unsuffixed(variant.fields.len());
    let types = || variant.fields.iter().map(|field| &field.ty);
    match &variant.fields {
        Fields::Unit => (
            quote!(Self::#ident => #serializer.serialize_unit_variant(#name, #index, #shown),),
            quote!(#access.unit_variant().map(|()| Self::#ident)),
        ),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let (only, ty) = (local("only"), &fields.unnamed[0].ty);
            let (field, seed) = (field(ty, &quote!(#only)), seed(ty));
            (
                quote! {
                    Self::#ident(#only) => #serializer.serialize_newtype_variant(
                        #name, #index, #shown, &#field,
                    ),
                },
                quote!(#access.newtype_variant_seed(#seed).map(Self::#ident)),
            )
        }
        Fields::Unnamed(_) => {
            let (idents, seeds) = (positions(variant.fields.len()), seeds(types()));
            let pattern = list(idents.iter());
            let parts = idents.iter().zip(types());
            let parts = parts.map(|(ident, ty)| field(ty, &quote!(#ident)));
            (
                quote! {
                    Self::#ident(#(#idents),*) => {
                        __p::write_tuple_variant(#serializer, #name, #index, #shown, #count)?
                            #(.field(&#parts)?)* .end()
                    }
                },
                quote! {{
                    let #pattern = __p::read_positions(#access, #path, #count, #seeds)?;
                    __p::Ok(Self::#ident(#(#idents),*))
                }},
            )
        }
        Fields::Named(fields) => {
            let fields: Vec<_> = fields.named.iter().filter_map(named).collect();
            let idents: Vec<_> = fields.iter().map(|(ident, _)| *ident).collect();
            let names: Vec<_> = idents.iter().map(|one| one.unraw().to_string()).collect();
            let (pattern, seeds) = (list(idents.iter().copied()), seeds(types()));
            let parts = fields.iter().map(|(ident, ty)| field(ty, &quote!(#ident)));
            (
                quote! {
                    Self::#ident { #(#idents),* } => {
                        __p::write_variant(#serializer, #name, #index, #shown, #count)?
                            #(.field(#names, &#parts)?)* .end()
                    }
                },
                quote! {{
                    let #pattern = __p::read_fields(#access, #path, &[#(#names),*], #seeds)?;
                    __p::Ok(Self::#ident { #(#idents),* })
                }},
            )
        }
    }
}

/// Names for fields without one.
fn positions(count: usize) -> Vec<Ident> {
    (0..count).map(|at| format_ident!("__{at}")).collect()
}

/// Part to be written, from a reference to it.
fn field(ty: &Type, part: &TokenStream) -> TokenStream {
    match is_shared(ty) {
        true => quote!(__p::NoField::checked(__p::Field(#part))),
        false => quote!(__p::Field(#part).checked()),
    }
}

/// Reader of a part.
fn seed(ty: &Type) -> TokenStream {
    match is_shared(ty) {
        true => quote!(__p::NoSeed::checked(<__p::Seed<#ty>>::NEW)),
        false => quote!(<__p::Seed<#ty>>::NEW.checked()),
    }
}

/// Readers of the types, as a list: `(first, (second, ()))`.
fn seeds<'a>(types: impl DoubleEndedIterator<Item = &'a Type>) -> TokenStream {
    list(types.map(seed))
}

fn list(items: impl DoubleEndedIterator<Item = impl ToTokens>) -> TokenStream {
    items
        .rev()
        .fold(quote!(()), |rest, item| quote!((#item, #rest)))
}
