//! System of a main function or a test.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::pin;

use crate::catch::catch_poll;
use crate::system::System;

/// Nothing, in place of the registration of an actor for processes of its own: for a program that
/// cannot run actors so.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_process {
    ($actor:ty $(, $by:ident)?) => {};
}

/// Nothing, in place of the entry of a process.
#[doc(hidden)]
#[macro_export]
macro_rules! __process_entry {
    ($($test:ident)?) => {};
}

/// Makes the system of a main function in that module, with the name of the crate.
pub fn system_of(module: &str) -> System {
    System::new(module.split("::").next().unwrap_or(module))
}

/// Hands a system to a body, and shuts the system down after it, also after a panic.
pub async fn with_system<F: Future>(system: System, body: impl FnOnce(System) -> F) -> F::Output {
    let mut body = pin!(body(system.clone()));
    let output = poll_fn(|cx| catch_poll(body.as_mut(), cx)).await;
    system.shutdown().await;
    output.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Type of the parameter of a main function or a test.
#[diagnostic::on_unimplemented(
    message = "the only parameter of a main function or a test is its system",
    label = "write `System` here"
)]
pub trait FromSystem {
    /// Converts the system.
    fn from_system(system: System) -> Self;
}

impl FromSystem for System {
    fn from_system(system: System) -> Self {
        system
    }
}

/// Converts a system to the parameter of a main function or a test.
pub fn given<T: FromSystem>(system: System) -> T {
    T::from_system(system)
}
