//! The DSL of conclib: [`macro@actor`], [`macro@message`] and
//! [`macro@main`]. Users depend on the crate `conclib`, which re-exports them.
//!
//! Each macro works in three steps: it parses the item into a model, checks it,
//! and expands the model. All mistakes are reported at once, each at its token,
//! and the item itself stays in place.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `model`
//! 2. `parse`
//! 3. `check`
//! 4. `expand`

mod check;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;

/// Makes a struct an actor, or an `impl` block its handlers.
///
/// An actor has the attribute twice: above its struct, with the default options
/// for its spawn, and above one `impl` block.
///
/// # On a struct
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `urn = "greeter"` | the name | anonymous |
/// | `mailbox = 256` | capacity of the mailbox | 1024 |
/// | `overflow = DropOldest` | policy of a full mailbox: a variant of `Overflow` | `Wait` |
/// | `strategy = OneForAll` | children that are restarted with a failed one: a variant of `Strategy` | `OneForOne` |
/// | `timeout = "5s"` | timeout of calls without their own | that of the system, or none |
/// | `priority` | more urgent messages have their turn first | in order of arrival |
///
/// With `priority` the `priority = …` of a message counts, and a call may say
/// its own: `greeter.add(2).priority(0)`. Lower is sooner; a message without a
/// priority is last; messages of one priority stay in their order; a signal to
/// stop is above them all. Nothing starves: after 64 turns that overtook the
/// oldest message, the oldest has its turn. A sender that waits before a full
/// mailbox keeps its place among the waiting senders, and its priority counts
/// once its message is in the mailbox; `DropOldest` drops the oldest of the
/// least urgent. Priorities hold for requests from other processes, too.
///
/// A field with `#[field(get)]`, `#[field(set)]` or `#[field(get, set)]` can be
/// read and set by messages; a read gives a clone of the value. A field of type
/// `Result` is answered as a handler that returns it: with the value or the
/// error. All such fields of a `Circle` are the [protocol](macro@protocol)
/// `CircleFields`, which its impl names:
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// pub struct Circle {
///     #[field(get, set)]
///     radius: f64,
///     #[field(get)]
///     name: String,
///     secret: u8,
/// }
///
/// #[actor(protocols(CircleFields))]
/// impl Circle {
///     #[message]
///     fn area(&self) -> f64 { 3.14 * self.radius * self.radius }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let circle = Circle { radius: 1.0, name: "ring".into(), secret: 7 };
///     let circle = system.spawn(circle)?;
///     circle.set_radius(2.0).await?;
///     assert_eq!(circle.radius().await?, 2.0);
///     assert_eq!(circle.name().await?, "ring");
///     Ok(())
/// }
/// ```
///
/// The attribute expands to a `#[protocol] pub trait CircleFields` with
/// `#[message] fn radius(&self) -> f64`, `#[message] fn set_radius(&mut self,
/// radius: f64)` and so on, as visible as the struct, and its impl for
/// `Circle`.
///
/// # On an impl
///
/// `#[actor(protocols(Feline, Parent))]` names the protocols that the actor has;
/// see [`macro@protocol`]. These attributes are understood inside it:
///
/// | attribute | on | effect |
/// |---|---|---|
/// | `#[handler]` | `fn (&mut self, message: M) -> …` | handles the declared message `M` |
/// | `#[message]` | `fn (&mut self, a: A, b: B) -> …` | a message of its own, and a method of the reference |
/// | `#[message(every = "500ms")]` | `fn (&mut self)` | called at each interval; at most one tick waits |
/// | `#[on(create)]` | `fn (args: Args) -> Result<Self, E>` | makes the actor where it runs |
/// | `#[on(start)]` | `fn (&mut self) -> Result<(), E>` | runs before the first message |
/// | `#[on(stop)]` | `fn (&mut self, reason: &StopReason)` | runs at every end except a kill and a failed start |
/// | `#[on(error)]` | `fn (&mut self, error: HandlerError) -> Directive` | runs when a handler failed without an asker |
/// | `#[on(child)]` | `fn (&mut self, exit: ChildExit) -> Directive` | a child has ended, or waits to be started again: that needs a turn of its parent, so an ask of the parent that waits for such a child is an `AskError::Cycle` |
/// | `#[on(gone)]` | `fn (&mut self, gone: Gone)` | an actor that was watched has ended |
/// | `#[on(idle = "30s")]` | `fn (&mut self)` | runs once when the actor had no turn for so long |
/// | `#[part]` | `fn (&mut self) -> &mut Type` | gives access to the messages of a value inside the actor; see [`macro@part`] |
/// | `#[fallback]` | `fn (&mut self, request: RequestEnvelope)` | handles a request from another process for a message that is not declared |
///
/// All of them may be `async` or not, and may take `ctx: &mut Context<Self>`
/// last; a handler that is `async` and takes `&self` needs a state that is
/// `Sync`. A `#[cfg(…)]` on one of them takes its message with it. Handlers
/// return a value, a `Result` whose error the asker gets, a `Deferred` when
/// they answer later, or `impl Stream<Item = T>`, whose asker reads `Items<T>`.
/// All other methods are left unchanged.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "greeter", mailbox = 256)]
/// #[derive(Default)]
/// pub struct Greeter { greeted: u64 }
///
/// #[actor]
/// impl Greeter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.greeted += by; self.greeted }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let greeter = system.spawn(Greeter::default())?;
///     assert_eq!(greeter.add(2).await?, 2);
///     assert_eq!(greeter.ask(GreeterAdd { by: 1 }).await?, 3);
///     Ok(())
/// }
/// ```
///
/// # Expansion
///
/// The expansion of the `impl` above, as emitted, without the doc comments and the
/// lints that it allows:
///
/// ```text
#[doc = include_str!("expand/greeter.rs.txt")]
/// ```
///
/// The expansion has no `unsafe`, and a local message is never boxed and passes no
/// `dyn`.
///
/// The message of a method is as visible as the method, and `pub` if the method
/// has no visibility. A method whose reply or error is a private type says
/// `pub(self)`.
///
/// Both forms, like `#[message]` and `#[conclib::main]`, take `crate = path`
/// for a crate that has conclib under another name; the methods of an impl take
/// it from their `#[actor]`.
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::actor(args.into(), item.into()).into()
}

/// Makes a struct or an enum a message; inside an `#[actor] impl`, a method.
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `reply = Greeting` | type of the reply | `()` |
/// | `error = EmptyName` | domain error of the handler | none |
/// | `name = "greet"` | wire name | the bare type or method name |
/// | `priority = 0` | priority for an actor with `#[actor(priority)]`, 0 the most urgent; ignored by other actors | 255, the least |
/// | `local` | promises that it stays in its process | travels if all its parts can |
/// | `wire` | promises that it can travel: a part that cannot is an error here | travels if all its parts can |
/// | `derive(Debug, Clone)` | on a method: traits to derive for its message | none |
/// | `every = "500ms"` | on a method: called at each interval | called by senders |
///
/// A message can leave its process if its fields, its reply and its error are
/// serde types or references to actors; a type with `#[message]` is a serde
/// type. Any other message works inside its process; where it is sent to
/// another one, the error names the message and the type. On a method, reply and
/// error are what the method returns: a `Result`, or an alias whose last word
/// is `Result`, is split into the two.
///
/// ```
/// use conclib::prelude::*;
///
/// #[message(reply = Greeting)]
/// pub struct Greet { pub name: String }
///
/// #[message]
/// #[derive(Debug, PartialEq)]
/// pub struct Greeting { pub text: String }
///
/// assert_eq!(Greet::NAME, "Greet");
/// ```
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::message(args.into(), item.into()).into()
}

/// Makes a trait a protocol: messages that several actors share.
///
/// A method with `#[message]` is a message, declared once for all actors with
/// the protocol: for `greet` of `Feline` a `FelineGreet`, and a call of every
/// reference by `FelineCalls`. Its arguments are those of [`macro@message`],
/// but for `every`. A default body in the trait is the handler of an actor that
/// does not override it. All other methods are left unchanged, and are no
/// messages.
/// An actor has the protocols that its `#[actor(protocols(…))] impl` names, and
/// implements their traits. Its inbox stays one enum, with one variant for each
/// protocol; a message of a protocol is handled like any other.
///
/// ```
/// use conclib::prelude::*;
///
/// #[protocol]
/// pub trait Feline {
///     fn name(&self) -> String;
///
///     #[message]
///     fn greet(&self) -> String { format!("Hi, it's {}.", self.name()) }
/// }
///
/// #[actor]
/// pub struct Cat;
///
/// #[actor(protocols(Feline))]
/// impl Cat {
///     #[message]
///     fn purr(&mut self) -> String { "Purr.".to_owned() }
/// }
///
/// impl Feline for Cat {
///     fn name(&self) -> String { "Mr. Whiskers".to_owned() }
/// }
///
/// #[actor]
/// pub struct Tiger;
///
/// #[actor(protocols(Feline))]
/// impl Tiger {}
///
/// impl Feline for Tiger {
///     fn name(&self) -> String { "Shere Khan".to_owned() }
///     fn greet(&self) -> String { format!("{} does not greet.", self.name()) }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let (cat, tiger) = (system.spawn(Cat)?, system.spawn(Tiger)?);
///     assert_eq!(cat.greet().await?, "Hi, it's Mr. Whiskers.");
///     assert_eq!(cat.purr().await?, "Purr.");
///     let all = [cat.recipient::<FelineGreet>(), tiger.recipient()];
///     assert_eq!(all[1].ask(FelineGreet {}).await?, "Shere Khan does not greet.");
///     Ok(())
/// }
/// ```
///
/// A method may be `async`, may answer with a `Result` or a `Deferred`, and may
/// take `ctx: &mut Context<Self>` last. A protocol may be in another module or
/// another crate: `protocols(animals::Feline)`. Two messages of one actor have
/// two wire names, wherever they come from. `System::recipients` lists all
/// actors of a system that have a protocol.
#[proc_macro_attribute]
pub fn protocol(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::protocol(args.into(), item.into()).into()
}

/// Makes the methods of a value inside an actor messages of the actor.
///
/// The attribute goes above an `impl` block of the type of the value, which is
/// any struct or enum. A method with `#[message]` in this block is a message,
/// with the arguments of [`macro@message`] except `every` and `concurrent`. The
/// same attribute goes above the method of the actor that returns the value,
/// `fn name(&mut self) -> &mut Type`. A reference to the actor then has a
/// method of that name; the messages are called through its result.
///
/// ```
/// use conclib::prelude::*;
///
/// #[derive(Default)]
/// pub struct Playback { track: u32 }
///
/// #[part]
/// impl Playback {
///     #[message]
///     fn play(&mut self, track: u32) -> bool { self.track = track; true }
/// }
///
/// #[actor]
/// #[derive(Default)]
/// pub struct Player { playback: Playback }
///
/// #[actor]
/// impl Player {
///     #[part]
///     fn playback(&mut self) -> &mut Playback { &mut self.playback }
///
///     #[message]
///     fn track(&self) -> u32 { self.playback.track }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let player = system.spawn(Player::default())?;
///     assert!(player.playback().play(3).await?);
///     assert_eq!(player.track().await?, 3);
///     Ok(())
/// }
/// ```
///
/// The message of `play` is `PlaybackPlay`, which the actor handles like any
/// other; its name on the wire is `Playback.play`. A turn is one of the actor,
/// so the methods of its parts and its own never overlap. Methods of a part
/// have no context. Several actors may have a part of one type; one actor has
/// one of each.
#[proc_macro_attribute]
pub fn part(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::part(args.into(), item.into()).into()
}

/// Runs an `async fn main` on a tokio runtime with a worker thread for each
/// core.
///
/// With a parameter `system: System` the function gets a system with the name of
/// the crate, which is shut down after it:
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// struct Counter(i64);
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn inc(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
/// }
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let counter = system.spawn(Counter(0))?;
///     assert_eq!(counter.inc(2).await?, 2);
///     Ok(())
/// }
/// ```
///
/// The result of `main` is that of the process. Without a return type the last
/// expression may also be `system.shutdown().await` or
/// `system.run_until_signal().await`. The process ends when `main` returns: tasks
/// are dropped at their next await, and a thread that is still busy, in a turn
/// that never awaits or in `spawn_blocking`, gets one more second.
///
/// The function runs as a task of the runtime, where an ask of an actor wakes no
/// other thread. Code in it that blocks its thread, such as a read of the standard
/// input, goes into `tokio::task::block_in_place`: it may hold up a task that was
/// just spawned. A function that is not `Send`, since it keeps an `Rc` over an
/// await for example, runs beside the tasks.
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::main(args.into(), item.into()).into()
}

/// Runs an `async fn` as a test, on one thread and on paused time: it expands
/// to a `#[test]` that calls `conclib::testing::run`. The attribute needs the
/// feature `testing`.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[actor]
/// struct Oven;
///
/// #[actor]
/// impl Oven {
///     #[message]
///     async fn bake(&mut self, minutes: u64) -> u64 {
///         tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
///         minutes
///     }
/// }
///
/// #[conclib::test]
/// async fn an_hour_is_over_at_once() -> conclib::Result {
///     let system = testing::system();
///     let oven = system.spawn(Oven)?;
///     assert_eq!(oven.bake(60).await?, 60);
///     Ok(())
/// }
/// ```
///
/// With a parameter `system: System` the function gets a system with the name of
/// the test, which is shut down after it.
///
/// The test function returns nothing, or a `Result` as other tests do, and goes
/// well with `#[should_panic]` and `#[ignore]`.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(args.into(), item.into()).into()
}

/// Marks the handler of a declared message; see [`macro@actor`].
#[proc_macro_attribute]
pub fn handler(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("handler", item.into()).into()
}

/// Marks a hook; see [`macro@actor`].
#[proc_macro_attribute]
pub fn on(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("on", item.into()).into()
}

/// Marks the handler of messages that are not declared; see [`macro@actor`].
#[proc_macro_attribute]
pub fn fallback(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::misplaced("fallback", item.into()).into()
}
