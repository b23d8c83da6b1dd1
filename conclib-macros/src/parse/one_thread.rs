//! Types that stay in one thread, as far as tokens show: a message moves from thread to thread.

use syn::{Error, Type, TypeParamBound};

use super::Mistakes;
use super::signature::{last_segment, type_args};

/// Types of the standard library that move from thread to thread only if their arguments do.
const CONTAINERS: [&str; 10] = [
    "Arc", "BTreeMap", "BTreeSet", "Box", "HashMap", "HashSet", "Option", "Result", "Vec",
    "VecDeque",
];

/// Traits of closures, whose objects are not `Send` of themselves. Other traits may be those of a user.
const TRAITS: [&str; 3] = ["Fn", "FnMut", "FnOnce"];

/// Tests if a parameter or a reply can move from thread to thread.
pub(super) fn is_mobile(ty: &Type, mistakes: &mut Mistakes) -> bool {
    let Some(part) = immobile(ty) else {
        return true;
    };
    let text = match part {
        Type::TraitObject(_) => {
            "a message moves from thread to thread: write `+ Send` behind this trait"
        }
        _ => "a message moves from thread to thread, and an `Rc` stays in one: take an `Arc`",
    };
    mistakes.push(Error::new_spanned(part, text));
    false
}

fn immobile(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Path(_) => {
            let name = &last_segment(ty)?.ident;
            let args = type_args(ty);
            if name == "Rc" && args.len() == 1 {
                return Some(ty);
            }
            let is_container = CONTAINERS.iter().any(|container| name == container);
            args.into_iter().filter(|_| is_container).find_map(immobile)
        }
        Type::Tuple(tuple) => tuple.elems.iter().find_map(immobile),
        Type::Array(array) => immobile(&array.elem),
        Type::Group(group) => immobile(&group.elem),
        Type::Paren(paren) => immobile(&paren.elem),
        Type::TraitObject(object) => {
            let has = |names: &[&str]| object.bounds.iter().any(|bound| is_one_of(bound, names));
            (has(&TRAITS) && !has(&["Send"])).then_some(ty)
        }
        _ => None,
    }
}

fn is_one_of(bound: &TypeParamBound, names: &[&str]) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    last.is_some_and(|last| names.iter().any(|name| last.ident == name))
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn only_what_tokens_show_is_refused() {
        let refused: [Type; 4] = [
            parse_quote!(Rc<u64>),
            parse_quote!(Option<(u64, std::rc::Rc<str>)>),
            parse_quote!(Box<dyn Fn(u64) -> u64>),
            parse_quote!([Rc<u64>; 2]),
        ];
        for ty in refused {
            assert!(immobile(&ty).is_some(), "{}", quote!(#ty));
        }
        let taken: [Type; 6] = [
            parse_quote!(Rc),
            parse_quote!(SendWrapper<Rc<u64>>),
            parse_quote!(Box<dyn FnOnce(Rc<u64>) + Send>),
            parse_quote!(Box<dyn Own>),
            parse_quote!(fn(Rc<u64>)),
            parse_quote!(Arc<u64>),
        ];
        for ty in taken {
            assert!(immobile(&ty).is_none(), "{}", quote!(#ty));
        }
    }
}
