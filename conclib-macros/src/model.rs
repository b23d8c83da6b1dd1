//! What was written, as plain data with spans. Parsing fills it, checking
//! reads it, expanding needs nothing else.

use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::{Attribute, Generics, LitStr, Path, Type, Visibility};

/// The arguments of `#[message(…)]`.
pub(crate) struct MessageArgs {
    /// Where the runtime is: `::conclib`, unless `crate = …` says otherwise.
    pub(crate) runtime: Path,
    pub(crate) reply: Option<Type>,
    pub(crate) error: Option<Type>,
    pub(crate) name: Option<LitStr>,
    pub(crate) local: Option<Span>,
    pub(crate) every: Option<(Span, Duration)>,
    /// It runs beside the turns.
    pub(crate) concurrent: Option<Span>,
    pub(crate) priority: Option<u8>,
}

/// A message, from a type or from a method.
pub(crate) struct Message {
    pub(crate) runtime: Path,
    pub(crate) ident: Ident,
    /// The type, with its parameters.
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    /// The name on the wire.
    pub(crate) name: LitStr,
    pub(crate) reply: Type,
    pub(crate) error: Option<Type>,
    pub(crate) local: bool,
    pub(crate) priority: Option<u8>,
    /// Where to complain about a reply or an error that does not do.
    pub(crate) blame: Span,
}

/// The arguments of `#[actor(…)]` on a struct.
pub(crate) struct ActorArgs {
    pub(crate) runtime: Path,
    pub(crate) urn: Option<LitStr>,
    pub(crate) mailbox: Option<syn::LitInt>,
    pub(crate) overflow: Option<Ident>,
    pub(crate) strategy: Option<Ident>,
    /// Whether the more urgent message comes first.
    pub(crate) priority: bool,
    pub(crate) timeout: Option<Duration>,
}

/// The arguments of `#[field(…)]`.
#[derive(Default)]
pub(crate) struct FieldArgs {
    pub(crate) get: bool,
    pub(crate) set: bool,
}

/// A field that can be read or set by messages.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// What is said of it.
    pub(crate) docs: Vec<Attribute>,
    pub(crate) get: bool,
    /// The name of the method that sets it.
    pub(crate) set: Option<Ident>,
    /// Where it is said.
    pub(crate) at: Span,
}

/// The arguments of `#[actor(…)]` on an impl.
pub(crate) struct ImplArgs {
    pub(crate) runtime: Path,
    pub(crate) protocols: Vec<Path>,
    /// It can only run on a thread of its own.
    pub(crate) thread: bool,
}

/// Whose the messages are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Actor,
    /// Every actor's that has it.
    Protocol,
    /// Those of a value inside an actor.
    Part,
}

/// An `#[actor] impl`; or a `#[protocol] trait` or a `#[part] impl`, which have
/// nothing but methods that are messages.
pub(crate) struct Actor {
    pub(crate) runtime: Path,
    pub(crate) kind: Kind,
    /// The protocols that an actor has.
    pub(crate) protocols: Vec<Path>,
    /// What is inside it and has messages.
    pub(crate) parts: Vec<Part>,
    /// `Greeter`, as the names of what is generated begin.
    pub(crate) ident: Ident,
    /// `Greeter<T>`; of a protocol, `Self`.
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    /// It can only run on a thread of its own.
    pub(crate) thread: bool,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) create: Option<Hook>,
    pub(crate) start: Option<Hook>,
    pub(crate) stop: Option<Hook>,
    pub(crate) error: Option<Hook>,
    pub(crate) child: Option<Hook>,
    pub(crate) gone: Option<Hook>,
    pub(crate) idle: Option<(Duration, Hook)>,
    pub(crate) fallback: Option<Hook>,
}

/// A method that handles a message.
pub(crate) struct Handler {
    pub(crate) method: Ident,
    /// The variant of the inbox.
    pub(crate) variant: Ident,
    pub(crate) is_async: bool,
    /// Whether it is a method at all, or a function beside the state.
    pub(crate) has_self: bool,
    /// It runs beside the turns.
    pub(crate) concurrent: bool,
    /// `&self` instead of `&mut self`: where to complain.
    pub(crate) shared: Option<Span>,
    /// Where it takes the context, if it does.
    pub(crate) ctx: Option<Span>,
    pub(crate) returns: Returns,
    pub(crate) kind: HandlerKind,
}

pub(crate) enum HandlerKind {
    /// `#[handler]`: of a message declared elsewhere.
    Declared(Box<Type>),
    /// `#[message]`: the method is the message.
    Method(Box<Method>),
}

/// What a method that is its own message adds.
pub(crate) struct Method {
    pub(crate) message: Message,
    /// As the method says; `pub` if it says nothing.
    pub(crate) vis: Visibility,
    /// What is said of the method and is as true of a call of it.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) params: Vec<Param>,
    pub(crate) every: Option<Duration>,
    /// How many parameters cannot be fields, which was reported. The message
    /// has none then, and a call of it takes whatever it is given.
    pub(crate) unsound: usize,
}

/// A method that leads to a part of the actor.
pub(crate) struct Part {
    pub(crate) method: Ident,
    pub(crate) ty: Type,
    /// What is said of the method and is as true of a call of it.
    pub(crate) attrs: Vec<Attribute>,
}

/// A parameter that becomes a field.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// What a method returns, known by the token of its type.
pub(crate) struct Returns {
    pub(crate) kind: ReturnKind,
    /// Where to complain that it does not fit.
    pub(crate) span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnKind {
    Value,
    Result,
    Deferred,
    /// `impl Stream<Item = T>`.
    Stream,
}

/// A method that runs at a certain moment.
pub(crate) struct Hook {
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// What it takes, but for the context.
    pub(crate) param: Option<Type>,
    pub(crate) ctx: Option<Span>,
    pub(crate) returns: Returns,
}

impl Actor {
    /// One that has no methods yet.
    pub(crate) fn new(runtime: Path, ident: Ident, self_ty: Type, generics: Generics) -> Self {
        Self {
            runtime,
            kind: Kind::Actor,
            protocols: Vec::new(),
            parts: Vec::new(),
            ident,
            self_ty,
            generics,
            handlers: Vec::new(),
            create: None,
            start: None,
            stop: None,
            error: None,
            child: None,
            gone: None,
            idle: None,
            fallback: None,
            thread: false,
        }
    }
}

impl Handler {
    /// The type of the message.
    pub(crate) fn message(&self) -> Type {
        match &self.kind {
            HandlerKind::Declared(message) => (**message).clone(),
            HandlerKind::Method(method) => method.message.self_ty.clone(),
        }
    }

    /// What a method that is its own message adds.
    pub(crate) fn as_method(&self) -> Option<&Method> {
        match &self.kind {
            HandlerKind::Declared(_) => None,
            HandlerKind::Method(method) => Some(method),
        }
    }
}
