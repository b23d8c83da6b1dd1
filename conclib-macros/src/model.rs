//! Parsed items as plain data with spans. The parser fills this model, the
//! checks read it, and the expansion needs nothing else.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Generics, LitInt, LitStr, Path, Type, Visibility};

/// Arguments of `#[message(…)]`.
pub(crate) struct MessageArgs {
    /// Path of the runtime crate: `::conclib`, unless `crate = …` says
    /// otherwise.
    pub(crate) runtime: Path,
    pub(crate) reply: Option<Type>,
    pub(crate) error: Option<Type>,
    pub(crate) name: Option<LitStr>,
    pub(crate) local: Option<Span>,
    pub(crate) wire: Option<Span>,
    /// Tokens between the parentheses of `derive(…)`.
    pub(crate) derive: Option<(Span, TokenStream)>,
    pub(crate) every: Option<(Span, Duration)>,
    /// Set if the handler runs beside the turns.
    pub(crate) concurrent: Option<Span>,
    pub(crate) priority: Option<u8>,
    /// Maximum number of requests that one turn handles.
    pub(crate) batch: Option<LitInt>,
    /// Maximum time that a turn waits for more of them.
    pub(crate) within: Option<(Span, Duration)>,
}

/// Says if a message can leave its process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only if all its parts can.
    ByParts,
    /// Always: the promise of `wire`.
    Wire,
    /// Never: the promise of `local`.
    Local,
}

/// Message, from a type or from a method.
pub(crate) struct Message {
    pub(crate) runtime: Path,
    pub(crate) ident: Ident,
    /// Type of the message, with its parameters.
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    /// Name on the wire.
    pub(crate) name: LitStr,
    pub(crate) reply: Type,
    pub(crate) error: Option<Type>,
    pub(crate) reach: Reach,
    pub(crate) priority: Option<u8>,
    /// Set if the reply and the error may be more private than the message.
    pub(crate) hides: bool,
    /// Span for errors about the type of the reply or error.
    pub(crate) blame: Span,
}

/// Arguments of `#[actor(…)]` on a struct.
pub(crate) struct ActorArgs {
    pub(crate) runtime: Path,
    pub(crate) urn: Option<LitStr>,
    pub(crate) mailbox: Option<LitInt>,
    pub(crate) overflow: Option<Ident>,
    pub(crate) strategy: Option<Ident>,
    /// Tells the mailbox to order messages by priority.
    pub(crate) priority: bool,
    pub(crate) timeout: Option<Duration>,
}

/// Arguments of `#[field(…)]`.
#[derive(Default)]
pub(crate) struct FieldArgs {
    pub(crate) get: bool,
    pub(crate) set: bool,
}

/// Field that can be read or set by messages.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// Doc comment of the field.
    pub(crate) docs: Vec<Attribute>,
    pub(crate) get: bool,
    /// Name of the method that sets it.
    pub(crate) set: Option<Ident>,
    /// Span of the attribute.
    pub(crate) at: Span,
}

/// Arguments of `#[actor(…)]` on an impl.
pub(crate) struct ImplArgs {
    pub(crate) runtime: Path,
    pub(crate) protocols: Vec<Path>,
    /// Set if the actor can only run on a thread of its own.
    pub(crate) thread: bool,
}

/// Owner of the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Actor,
    /// Every actor that has the protocol.
    Protocol,
    /// A value inside an actor.
    Part,
}

/// An `#[actor] impl`, a `#[protocol] trait` or a `#[part] impl`; the last two
/// have only messages.
pub(crate) struct Actor {
    pub(crate) runtime: Path,
    pub(crate) kind: Kind,
    /// Protocols of the actor.
    pub(crate) protocols: Vec<Path>,
    /// Values inside the actor that have messages.
    pub(crate) parts: Vec<Part>,
    /// Prefix of generated names, such as `Greeter`.
    pub(crate) ident: Ident,
    /// `Greeter<T>`; `Self` for a protocol.
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    /// Set if the actor can only run on a thread of its own.
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

/// Method that handles a message.
pub(crate) struct Handler {
    pub(crate) method: Ident,
    /// Variant of the inbox.
    pub(crate) variant: Ident,
    pub(crate) is_async: bool,
    /// False for an associated function, which does not take the state.
    pub(crate) has_self: bool,
    /// Set if the handler runs beside the turns.
    pub(crate) concurrent: bool,
    /// Set if one turn handles several requests.
    pub(crate) batch: Option<Batch>,
    /// Span of `&self`, if it is not `&mut self`.
    pub(crate) shared: Option<Span>,
    /// Span of the context parameter, if there is one.
    pub(crate) ctx: Option<Span>,
    pub(crate) returns: Returns,
    pub(crate) kind: HandlerKind,
}

/// Limits of the requests that one turn handles.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) size: usize,
    pub(crate) within: Duration,
}

pub(crate) enum HandlerKind {
    /// `#[handler]`, for a message declared elsewhere.
    Declared(Box<Type>),
    /// `#[message]`, for a method that is its own message.
    Method(Box<Method>),
}

/// Additional data of a method that is its own message.
pub(crate) struct Method {
    pub(crate) message: Message,
    /// Visibility of the method; `pub` if it has none.
    pub(crate) vis: Visibility,
    /// Attributes that are copied to the generated call: `doc` and
    /// `deprecated`.
    pub(crate) attrs: Vec<Attribute>,
    /// Traits to derive for the message.
    pub(crate) derive: Option<TokenStream>,
    pub(crate) params: Vec<Param>,
    pub(crate) every: Option<Duration>,
    /// Number of parameters that were reported because they cannot be fields.
    /// The message leaves them out, and a call of it takes any values for them.
    pub(crate) unsound: usize,
}

/// Method that leads to a part of the actor.
pub(crate) struct Part {
    pub(crate) method: Ident,
    pub(crate) ty: Type,
    /// Attributes that are copied to the generated call: `doc` and
    /// `deprecated`.
    pub(crate) attrs: Vec<Attribute>,
}

/// Parameter that becomes a field.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// Kind of the return type, known by the token of the type.
pub(crate) struct Returns {
    pub(crate) kind: ReturnKind,
    /// Span for errors about a return type that does not fit.
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

/// Method that runs at a certain moment.
pub(crate) struct Hook {
    pub(crate) method: Ident,
    pub(crate) is_async: bool,
    /// Type of the parameter besides the context.
    pub(crate) param: Option<Type>,
    pub(crate) ctx: Option<Span>,
    pub(crate) returns: Returns,
}

impl Actor {
    /// Creates a model without methods.
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

impl Message {
    /// Gives the type another name.
    pub(crate) fn rename(&mut self, ident: Ident) {
        if let Type::Path(path) = &mut self.self_ty
            && let Some(last) = path.path.segments.last_mut()
        {
            last.ident = ident.clone();
        }
        self.ident = ident;
    }
}

impl Actor {
    /// Tests for messages that are called by methods of a generated trait.
    pub(crate) fn has_calls(&self) -> bool {
        self.handlers.iter().any(|one| one.as_method().is_some()) || !self.parts.is_empty()
    }

    /// Names the support code by another path, and returns the path before.
    pub(crate) fn rename_runtime(&mut self, runtime: Path) -> Path {
        for handler in &mut self.handlers {
            if let HandlerKind::Method(own) = &mut handler.kind {
                own.message.runtime = runtime.clone();
            }
        }
        std::mem::replace(&mut self.runtime, runtime)
    }
}

impl Handler {
    /// Type of the message.
    pub(crate) fn message(&self) -> Type {
        match &self.kind {
            HandlerKind::Declared(message) => (**message).clone(),
            HandlerKind::Method(method) => method.message.self_ty.clone(),
        }
    }

    /// Returns the data of a method that is its own message.
    pub(crate) fn as_method(&self) -> Option<&Method> {
        match &self.kind {
            HandlerKind::Declared(_) => None,
            HandlerKind::Method(method) => Some(method),
        }
    }
}
