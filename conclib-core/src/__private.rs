//! What the macros expand to and the test kit call, and nobody else should.

pub use std::boxed::Box;

pub use serde;

pub use crate::actor::{
    Accepted, Birth, Ferried, FerriedInbox, Ferry, HasFields, HasProtocol, HasProtocols, Head,
    History, Life, Many, ProtocolInbox, Ranks, Seek, Serves, SharedWith, Unranked, answer,
    answer_deferred, answer_fallback, answer_result, attempt, beside, may_pass_on, serve, stream,
};
pub use crate::call::{NotSent, Sending};
pub use crate::deadline::Deadline;
pub use crate::error::Failure;
pub use crate::hook::{Deciding, TurnDecision, TurnHook};
pub use crate::message::{WireAnswer, WirePart};
pub use crate::named::Enter;
pub use crate::relay::Relay;
pub use crate::shape::{
    DECLARED, Depth, Fallback, Full, Of, Probe, ShapeAt, hash, mix, with_parameters,
};
pub use crate::system::{ActorUnderTest, SystemUnderTest};
pub use crate::timers::are_here as has_timers;
pub use crate::waits::{Cycle, is_anybody_waiting};
pub use crate::wire::{WireAsker, accept, rewrite_chain};

use crate::actor::Part;
use crate::message::{Message, Road};

/// What hooks fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The two sides of a `Result`, for an alias whose sides no token names.
pub trait Outcome {
    /// What it is when it is well.
    type Reply;
    /// What it is when it is not.
    type Error;
}

impl<T, E> Outcome for Result<T, E> {
    type Reply = T;
    type Error = E;
}

/// What a parameter of a generic actor has to be.
pub trait LocalParam: Send + 'static {}

impl<T: Send + 'static> LocalParam for T {}

/// What a handler of `M` returns, by the kind of what it returns.
pub type ReplyOf<M> = <M as Message>::Reply;
/// As [`ReplyOf`].
pub type ResultOf<M> = Result<<M as Message>::Reply, <M as Message>::Error>;
/// As [`ReplyOf`].
pub type DeferredOf<M> = crate::Deferred<<M as Message>::Reply, <M as Message>::Error>;

/// What a hook can fail with.
#[diagnostic::on_unimplemented(
    message = "a hook cannot fail with `{Self}`, which is no error",
    label = "not an error",
    note = "implement `std::error::Error` for `{Self}`, as `#[derive(Debug, thiserror::Error)]` does, or box it: `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait HookError {
    /// The error, whatever it was.
    fn into_box(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> HookError for E {
    fn into_box(self) -> BoxError {
        self.into()
    }
}

/// The error of a hook, as the library keeps it.
pub fn boxed<E: HookError>(error: E) -> BoxError {
    error.into_box()
}

/// A type that was asked whether it is what it should be: `IS` compiles if so.
/// The answer is anybody's who is at home where it is asked.
pub trait Proven<T, const IS: bool> {
    /// The type.
    type Type;
}

impl<H, T> Proven<T, true> for H {
    type Type = T;
}

/// A proof for [`Proven`].
pub const fn is_message<M: Message>() -> bool {
    true
}

/// A proof for [`Proven`].
pub const fn is_part<P: Part>() -> bool {
    true
}

/// Whether a name on a wire means `M`.
pub fn is_wire<M: Message>(name: &str) -> bool {
    <M::Road as Road<M>>::WIRE && name == M::NAME
}

/// The shape of a type that may have none of its own: then its bare name.
pub const fn shape_or_name(shape: u64, name: &str) -> u64 {
    if shape == 0 { hash(name) } else { shape }
}

/// The shape so far, with one more field.
pub const fn field(shape: u64, name: &str, field: u64) -> u64 {
    mix(mix(shape, hash(name)), field)
}

/// The shape so far, with one more variant.
pub const fn variant(shape: u64, name: &str, fields: u64) -> u64 {
    mix(mix(shape, hash(name)), fields)
}

/// What two builds compare before they decode a message.
pub const fn fingerprint(name: &str, message: u64, reply: u64, error: u64) -> u64 {
    mix(mix(hash(name), message), mix(reply, error))
}

/// Time that the end of `#[conclib::main]` waits for threads that still work.
#[cfg(feature = "main")]
const LAST_WORK: std::time::Duration = std::time::Duration::from_secs(1);

/// Runs `#[conclib::main]` on a runtime with all its cores.
///
/// # Panics
/// The runtime cannot be built, or `main` panics.
#[cfg(feature = "main")]
pub fn block_on<T>(main: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let main = std::panic::AssertUnwindSafe(|| runtime.block_on(main));
            let result = std::panic::catch_unwind(main);
            // Dropped, it would wait without end for a turn that never awaits.
            runtime.shutdown_timeout(LAST_WORK);
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}

/// Whether `name` is in `names`: two messages of one actor may not have one
/// name.
pub const fn is_taken(name: &str, names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(name.as_bytes(), names[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether a name of a protocol is in `others`, the names of its actor and of
/// the protocols before it.
pub const fn any_taken(names: &[&str], others: &[&[&str]]) -> bool {
    let mut at = 0;
    while at < names.len() {
        let mut other = 0;
        while other < others.len() {
            if is_taken(names[at], others[other]) {
                return true;
            }
            other += 1;
        }
        at += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What `async fn(&self)` needs of the state it borrows.
#[diagnostic::on_unimplemented(
    message = "`async fn(&self)` shares the state across awaits, and `{Self}` is not `Sync`",
    label = "write `&mut self` here",
    note = "a handler runs alone, so `&mut self` costs nothing"
)]
pub trait Shared {}

#[diagnostic::do_not_recommend]
impl<T: Sync> Shared for T {}

/// Asserts it, where the handler takes `&self`.
pub const fn shares<T: Shared>() {}
