//! Message that no caller can make.

use conclib_wire::Never;

use crate::message::{Local, Message};

/// Message without a value. An actor with one message handles such a one, too, and an actor without
/// messages two: with a single candidate, the compiler would take that for the message that is
/// meant.
#[doc(hidden)]
#[derive(Debug)]
pub enum Nothing<const N: u8> {}

impl<const N: u8> Message for Nothing<N> {
    type Reply = ();
    type Error = Never;
    type Reach = Local;
    const NAME: &'static str = "conclib:nothing";
}
