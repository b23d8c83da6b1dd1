//! For code that follows the [events](crate::System::events) of a system: failures, restarts, dead
//! letters.

#[doc(inline)]
pub use conclib_core::{DeadLetter, DeadLetterCause, Event, Events, NotRestarted};
