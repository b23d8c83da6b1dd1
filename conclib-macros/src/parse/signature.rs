//! Reader of the signature of a method.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Error, FnArg, GenericArgument, Generics, Pat, PatType, PathArguments, PathSegment, Receiver,
    ReceiverKind, ReturnType, Safety, Signature, Type, TypeParamBound,
};

use super::Mistakes;
use crate::model::{Actor, Kind, Param, ReturnKind, Returns};

/// Parameters of a method, in their parts.
pub(super) struct Params<'a> {
    pub(super) receiver: Option<&'a Receiver>,
    /// All parameters except the receiver and the context.
    pub(super) rest: Vec<&'a PatType>,
    /// Span of the context parameter.
    pub(super) ctx: Option<Span>,
}

pub(super) fn params<'a>(signature: &'a Signature, mistakes: &mut Mistakes) -> Params<'a> {
    let mut receiver = None;
    let mut rest = Vec::new();
    let mut ctx = None;
    for (at, input) in signature.inputs.iter().enumerate() {
        match input {
            FnArg::Receiver(this) => receiver = Some(this),
            FnArg::Typed(typed) if !is_context(&typed.ty) => rest.push(typed),
            FnArg::Typed(typed) => {
                ctx = Some(typed.ty.span());
                if !matches!(&*typed.ty, Type::Reference(_)) {
                    mistakes.push(Error::new_spanned(
                        &typed.ty,
                        "a method borrows the context for its turn: write `ctx: &mut Context<Self>`",
                    ));
                } else if at + 1 != signature.inputs.len() {
                    mistakes.push(Error::new_spanned(
                        typed,
                        "the context is the last parameter: put `ctx: &mut Context<Self>` at the end",
                    ));
                }
            }
        }
    }
    Params {
        receiver,
        rest,
        ctx,
    }
}

/// Span of the context parameter of a method, which then can only belong to an
/// actor.
pub(super) fn context(signature: &Signature) -> Option<Span> {
    params(signature, &mut Mistakes::default()).ctx
}

fn is_context(ty: &Type) -> bool {
    let ty = match ty {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    };
    last_segment(ty).is_some_and(|last| last.ident == "Context")
}

/// Last segment of a path. Tokens show no more of a type.
pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// Accepts `&mut self` and `&self`, and returns the span of the latter.
/// Everything else is a mistake.
pub(super) fn receiver(
    what: &str,
    signature: &Signature,
    params: &Params<'_>,
    mistakes: &mut Mistakes,
) -> Option<Span> {
    let Some(this) = params.receiver else {
        mistakes.at(
            signature.ident.span(),
            format_args!("{what} works on its actor: give it `&mut self` as its first parameter"),
        );
        return None;
    };
    match &this.kind {
        ReceiverKind::Reference(and, _, None) => Some(and.span()),
        ReceiverKind::Reference(..) => None,
        _ => {
            mistakes.push(Error::new_spanned(
                this,
                format_args!("{what} cannot consume its actor: write `&mut self`"),
            ));
            None
        }
    }
}

/// Reports modifiers and generics of a method: the library calls it with values
/// and no type arguments.
pub(super) fn check_plain(
    actor: &Actor,
    what: &str,
    signature: &Signature,
    mistakes: &mut Mistakes,
) {
    if let Some(param) = signature.generics.params.first() {
        let instead = match actor.kind {
            Kind::Protocol | Kind::Part => "name the type",
            Kind::Actor => "put them on the `impl`",
        };
        mistakes.push(Error::new_spanned(
            param,
            format_args!(
                "{what} has no generic parameters of its own, as its message is one type: {instead}"
            ),
        ));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        mistakes.at(
            token.span(),
            format_args!("{what} is called by the library and cannot be `unsafe`"),
        );
    }
}

/// Unnamed type that stands for the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Opaque {
    /// `impl Future<Output = T>`.
    Future,
    /// `impl Stream<Item = T>`.
    Stream,
}

/// Recognises `impl Future<Output = T>` and `impl Stream<Item = T>`, and
/// returns the `T`.
pub(super) fn opaque(output: &ReturnType) -> Option<(Opaque, &Type)> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let Type::ImplTrait(opaque) = &**ty else {
        return None;
    };
    opaque.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        let (kind, name) = match last.ident.to_string().as_str() {
            "Future" => (Opaque::Future, "Output"),
            "Stream" => (Opaque::Stream, "Item"),
            _ => return None,
        };
        let PathArguments::AngleBracketed(args) = &last.arguments else {
            return None;
        };
        args.args.iter().find_map(|arg| match arg {
            GenericArgument::AssocType(of) if of.ident == name => Some((kind, &of.ty)),
            _ => None,
        })
    })
}

/// Adds a `use<…>`, if there is none, so that the returned future or stream
/// does not borrow the actor.
pub(super) fn add_capture(signature: &mut Signature, generics: &Generics) {
    if opaque(&signature.output).is_none() {
        return;
    }
    let ReturnType::Type(_, ty) = &mut signature.output else {
        return;
    };
    let Type::ImplTrait(opaque) = &mut **ty else {
        return;
    };
    let is_said = |bound: &TypeParamBound| matches!(bound, TypeParamBound::PreciseCapture(_));
    if opaque.bounds.iter().any(is_said) {
        return;
    }
    let types = generics.type_params().map(|param| &param.ident);
    let consts = generics.const_params().map(|param| &param.ident);
    let all = types.chain(consts);
    opaque.bounds.push(syn::parse_quote!(use<#(#all),*>));
}

/// Type of the answer, as far as it is written.
pub(super) fn answer(output: &ReturnType) -> Option<&Type> {
    match (opaque(output), output) {
        (Some((_, ty)), _) => Some(ty),
        (None, ReturnType::Type(_, ty)) => Some(ty),
        (None, ReturnType::Default) => None,
    }
}

pub(super) fn returns(signature: &Signature) -> Returns {
    let Some(ty) = answer(&signature.output) else {
        return Returns {
            kind: ReturnKind::Value,
            span: signature.ident.span(),
        };
    };
    let kind = match last_segment(ty) {
        _ if matches!(opaque(&signature.output), Some((Opaque::Stream, _))) => ReturnKind::Stream,
        Some(last) if last.ident == "Result" => ReturnKind::Result,
        Some(last) if last.ident == "Deferred" => ReturnKind::Deferred,
        _ => ReturnKind::Value,
    };
    Returns {
        kind,
        span: ty.span(),
    }
}

/// Tests if the return type can be a reply, as far as tokens show.
pub(super) fn is_reply(signature: &Signature, mistakes: &mut Mistakes) -> bool {
    let Some(ty) = answer(&signature.output) else {
        return true;
    };
    if let Some(opaque) = nameless(ty) {
        mistakes.push(Error::new_spanned(
            opaque,
            "a reply has a type with a name: return a value, a `Result`, a `Deferred`, or many of them as `impl Stream<Item = T>`",
        ));
        false
    } else if let Some(borrow) = borrowed(ty) {
        mistakes.push(Error::new_spanned(
            borrow,
            "a reply leaves its actor and cannot borrow from it: return `String` for `&str`, `Vec<T>` for `&[T]`, a clone for `&T`",
        ));
        false
    } else {
        true
    }
}

/// Types between the angle brackets of the last segment.
pub(super) fn type_args(ty: &Type) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(args)) = last_segment(ty).map(|last| &last.arguments)
    else {
        return Vec::new();
    };
    args.args
        .iter()
        .filter_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// Parses a parameter that becomes a field.
pub(super) fn field(param: &PatType, mistakes: &mut Mistakes) -> Option<Param> {
    let sound = is_owned(&param.ty, mistakes);
    match &*param.pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            sound.then(|| Param {
                name: name.ident.clone(),
                ty: (*param.ty).clone(),
            })
        }
        pattern => {
            mistakes.push(Error::new_spanned(
                pattern,
                "a parameter becomes a field of the message and needs a plain name; for a pattern, declare the message and write `#[handler]`",
            ));
            None
        }
    }
}

/// Tests if a type can be inside a message, as far as tokens show.
pub(super) fn is_owned(ty: &Type, mistakes: &mut Mistakes) -> bool {
    if let Some(opaque) = nameless(ty) {
        mistakes.push(Error::new_spanned(
            opaque,
            "a parameter becomes a field of the message and needs a type with a name; put a generic parameter on the `impl`",
        ));
        return false;
    }
    if let Some(borrow) = borrowed(ty) {
        mistakes.push(Error::new_spanned(
            borrow,
            "a message owns its parts, as it outlives the call: take `String` for `&str`, `Vec<T>` for `&[T]`, `T` for `&T`",
        ));
        return false;
    }
    true
}

/// Finds the part of a type that borrows with a lifetime other than `'static`.
fn borrowed(ty: &Type) -> Option<&Type> {
    find(ty, |ty| match ty {
        Type::Reference(reference) => reference
            .lifetime
            .as_ref()
            .is_none_or(|lifetime| lifetime.ident != "static"),
        _ => false,
    })
}

/// Finds the part of a type without a name: `impl Trait`.
fn nameless(ty: &Type) -> Option<&Type> {
    find(ty, |ty| matches!(ty, Type::ImplTrait(_)))
}

/// Finds the first part of a type that meets the condition. The parameters of a
/// function pointer or a `dyn Fn` are skipped: they borrow only while it is
/// called.
fn find(ty: &Type, is_it: fn(&Type) -> bool) -> Option<&Type> {
    struct FindType<'ast>(fn(&Type) -> bool, Option<&'ast Type>);
    impl<'ast> Visit<'ast> for FindType<'ast> {
        fn visit_type(&mut self, ty: &'ast Type) {
            if self.1.is_none() && (self.0)(ty) {
                self.1 = Some(ty);
            }
            if !matches!(ty, Type::FnPtr(_)) {
                syn::visit::visit_type(self, ty);
            }
        }
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &'ast syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut find = FindType(is_it, None);
    find.visit_type(ty);
    find.1
}

/// Variant name of a method: `ReadNext` for `read_next`.
pub(super) fn variant_name(method: &Ident) -> Ident {
    let text = method.to_string();
    let mut camel = String::with_capacity(text.len());
    for word in text.split('_') {
        let mut chars = word.chars();
        camel.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(chars.as_str());
    }
    // Names such as `_1` and `_self` have no valid form, and `__` becomes
    // empty.
    if camel.is_empty() || camel == "Self" || camel.starts_with(|ch: char| ch.is_ascii_digit()) {
        camel.insert(0, '_');
    }
    if camel == "_" {
        camel.push('_');
    }
    Ident::new(&camel, method.span())
}
