//! A message of a protocol cannot mention `Self`.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn mate(&self) -> Option<ActorRef<Self>>;
}

fn main() {}
