//! A message is one type, whoever handles it.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn mate(&self) -> Option<ActorRef<Self>>;
}

fn main() {}
