//! Parser of `#[field(…)]` on the fields of the struct of an actor.

use quote::format_ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Path};

use super::{Mistakes, field_args};
use crate::model::Field;

/// Returns the fields that have messages, without those that were reported;
/// `None` if no field has the attribute. The attributes are removed from all of
/// them, as no other macro reads them.
pub(crate) fn fields(
    input: &mut DeriveInput,
    runtime: &Path,
    mistakes: &mut Mistakes,
) -> Option<Vec<Field>> {
    let why_none = match &input.data {
        Data::Enum(_) => Some(
            "the fields of an enum have no messages, as its variant may be another: write `#[message]` methods that handle this case",
        ),
        _ if !input.generics.params.is_empty() => Some(
            "the fields of a generic actor have no messages, as those are one type for every actor: write `#[message]` methods in the `#[actor] impl`",
        ),
        _ => None,
    };
    let fields: Box<dyn Iterator<Item = &mut syn::Field>> = match &mut input.data {
        Data::Struct(data) => Box::new(data.fields.iter_mut()),
        Data::Enum(data) => Box::new(data.variants.iter_mut().flat_map(|one| &mut one.fields)),
        Data::Union(_) => return None,
    };
    let mut found = None;
    for field in fields {
        let ours = take(field, runtime);
        let Some((first, rest)) = ours.split_first() else {
            continue;
        };
        for second in rest {
            mistakes.push(Error::new_spanned(
                second.path(),
                "a field has one `#[field]` attribute: write `#[field(get, set)]`",
            ));
        }
        let found = found.get_or_insert_with(Vec::new);
        match why_none {
            Some(why) => mistakes.push(Error::new_spanned(first.path(), why)),
            None => found.extend(one(first, field, mistakes)),
        }
    }
    found
}

fn one(attribute: &Attribute, field: &syn::Field, mistakes: &mut Mistakes) -> Option<Field> {
    let Some(name) = &field.ident else {
        mistakes.push(Error::new_spanned(
            attribute.path(),
            "the messages of a field are named after it, and this one has no name: give it one, or write `#[message]` methods in the `#[actor] impl`",
        ));
        return None;
    };
    if let Some(cfg) = field.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        mistakes.push(Error::new_spanned(
            cfg,
            "a field with messages cannot have a condition: write `#[message]` methods with the condition in the `#[actor] impl`",
        ));
        return None;
    }
    let args = field_args(attribute, mistakes)?;
    let is_doc = |attr: &&Attribute| attr.path().is_ident("doc");
    let setter = format_ident!("set_{}", name.unraw(), span = name.span());
    Some(Field {
        name: name.clone(),
        ty: field.ty.clone(),
        docs: field.attrs.iter().filter(is_doc).cloned().collect(),
        get: args.get,
        set: args.set.then_some(setter),
        at: attribute.path().span(),
    })
}

/// Removes the attributes of conclib from a field.
fn take(field: &mut syn::Field, runtime: &Path) -> Vec<Attribute> {
    let (ours, others) = std::mem::take(&mut field.attrs)
        .into_iter()
        .partition(|attribute| super::role::is_ours(attribute.path(), runtime, &["field"]));
    field.attrs = others;
    ours
}
