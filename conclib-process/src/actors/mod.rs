//! Actors in processes of their own.
//!
//! Two roads lead through these files. In the process of the owner, `builder` enters the actor in
//! its system and starts a `driver`, which starts one process after the other (`program`), sends
//! each its state (`starter`), and tells the system of the end; messages leave through the
//! `outlet`. In the new process, `entry` recognises what the process is for, and `host` looks the
//! actor up in the `table`, starts it (`start`), and ends the process after it; `orphan` ends the
//! process with its owner.
//!
//! Two processes of one owner speak past it: the `shortcut` of a reference asks for an introduction
//! (`introductions`), and the `family` of the owner passes a socket to both, over their `control`
//! sockets.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `control`, `error`, `orphan`, `settings`, `spec`, `start`
//! 2. `family`, `placement`, `starter`, `table`
//! 3. `host`
//! 4. `entry`, `outlet`
//! 5. `program`
//! 6. `driver`
//! 7. `builder`
//! 8. `pool`

mod builder;
mod control;
mod driver;
mod entry;
mod error;
mod events;
mod family;
mod host;
mod introductions;
mod orphan;
mod outlet;
mod placement;
mod pool;
mod program;
mod settings;
mod shortcut;
mod spec;
mod start;
mod starter;
mod table;

pub use builder::{InProcess, ProcessBuilder, Single};
pub use entry::init;
#[doc(hidden)]
pub use entry::{TestEntrance, enter};
pub use error::InProcessError;
pub use pool::PoolInProcess;
#[doc(hidden)]
pub use table::{Entry, NoStart, Probe};

/// Registration of an actor, as `#[actor]` writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_process {
    ($actor:ty) => {
        $crate::register!($actor);
    };
    // The arguments of `#[on(create)]` borrow, and the bound of serde types is no test of that:
    // rustc would report it as an error.
    ($actor:ty, value) => {
        $crate::register!(@ $actor, <$crate::__private::Probe<$actor>>::VALUE, ::core::option::Option::None);
    };
}

/// Entry of a process, as `#[conclib::main]` writes it, and `#[conclib::test]` with the name of the
/// test.
#[doc(hidden)]
#[macro_export]
macro_rules! __process_entry {
    () => {
        $crate::init();
    };
    ($test:ident) => {
        $crate::__private::inventory::submit! {
            $crate::__private::TestEntrance(::core::concat!(
                ::core::module_path!(), "::", ::core::stringify!($test)
            ))
        }
        $crate::__private::enter();
    };
}

/// Registers an actor for processes of its own. `#[actor]` does it for actors that are not generic;
/// a generic one is registered for each type that is spawned in a process.
///
/// ```
/// use conclib::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[actor]
/// #[derive(Serialize, Deserialize)]
/// struct Cell<T> { value: T }
///
/// #[actor]
/// impl<T: Clone> Cell<T> {
///     #[message]
///     fn get(&mut self) -> T { self.value.clone() }
/// }
///
/// conclib::process::register!(Cell<String>);
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let cell = Cell { value: "hello".to_owned() };
///     let cell = system.actor(cell).in_process().spawn().await?;
///     assert_eq!(cell.get().await?, "hello");
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! register {
    ($actor:ty) => {
        $crate::register!(
            @ $actor,
            <$crate::__private::Probe<$actor>>::VALUE,
            <$crate::__private::Probe<$actor>>::CREATED
        );
    };
    (@ $actor:ty, $value:expr, $created:expr) => {
        const _: () = {
            use $crate::__private::NoStart as _;
            $crate::__private::inventory::submit! {
                $crate::__private::Entry::of::<$actor>($value, $created)
            }
        };
    };
}
