//! Objects that actors hold for others: collections, queues, locks and results.
//!
//! An actor hands out a [`Held`] of such an object by
//! [`Context::hold`](conclib_core::Context::hold) or [`Context::lend`](conclib_core::Context::lend).
//! The object stays in the process of the actor; its holders, in any process, send it messages. The
//! messages of each object are the methods of its `…Calls` trait. Elements are of any [`Element`]
//! type: serde types, and references to actors.
//!
//! An object of your own is any `#[actor]`.
//!
//! # Waiting
//! A wait in an object delays neither the object nor the actor that holds it. Calls have a timeout
//! of their own, [`Call::timeout`](conclib_core::Call::timeout). An asker that gives up its wait, or
//! dies in it, takes nothing: no item, no permit. Waits are served in the order in which their
//! requests came.
//!
//! An answer that crosses with its asker's giving up comes back to the object. One that is already
//! on its way to another process then is lost if it is an item; a guard is released.
//!
//! ```
//! use conclib::held::*;
//! use conclib::prelude::*;
//!
//! #[actor]
//! struct Kitchen { orders: ActorRef<Queue<String>> }
//!
//! #[actor]
//! impl Kitchen {
//!     #[on(create)]
//!     fn create(_: (), ctx: &mut Context<Self>) -> Result<Self, SpawnError> {
//!         Ok(Self { orders: ctx.spawn(Queue::bounded(8))? })
//!     }
//!
//!     #[message]
//!     fn orders(&mut self, ctx: &mut Context<Self>) -> Held<Queue<String>> {
//!         ctx.lend(&self.orders)
//!     }
//! }
//!
//! # #[conclib::main]
//! # async fn main() -> conclib::Result {
//! # let system = System::new("docs");
//! let kitchen = system.create::<Kitchen>(()).spawn()?;
//! let (waiter, cook) = (kitchen.orders().await?, kitchen.orders().await?);
//! waiter.put("soup".to_owned()).await?;
//! assert_eq!(cook.get().await?, "soup");
//! # Ok(())
//! # }
//! ```
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `barrier`, `element`, `items`, `waits`
//! 2. `background`, `event`, `iter`, `list`, `map`, `permit`, `queue`, `value`
//! 3. `condition`, `lock`, `rw_lock`, `semaphore`

mod background;
mod barrier;
mod condition;
mod element;
mod event;
mod items;
mod iter;
mod list;
mod lock;
mod map;
mod permit;
mod queue;
mod rw_lock;
mod semaphore;
mod value;
mod waits;

pub use background::*;
pub use barrier::*;
pub use conclib_core::Held;
pub use condition::*;
pub use element::Element;
pub use event::*;
pub use iter::*;
pub use list::*;
pub use lock::*;
pub use map::*;
pub use permit::*;
pub use queue::*;
pub use rw_lock::*;
pub use semaphore::*;
pub use value::*;
