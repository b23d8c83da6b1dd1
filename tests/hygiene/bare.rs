//! Actor in a module without a prelude, where the names of the prelude mean
//! other items.
#![no_implicit_prelude]

use ::conclib::{actor, message, part, protocol};

/// Other items with the names of the standard prelude.
#[expect(dead_code, reason = "they only shadow")]
mod shadows {
    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Some;
    pub(super) struct Ok;
    pub(super) struct Vec;
    pub(super) struct Box;
    pub(super) struct String;
    pub(super) struct Message;
    pub(super) struct Context;
    pub(super) struct Inbox;
    pub(super) struct Request;
    pub(super) struct Call;
    pub(super) struct ActorRef;
    pub(super) struct Never;
    pub(super) trait Send {}
    pub(super) trait Sized {}
    pub(super) trait Future {}
    pub(super) trait Actor {}
    pub(super) trait Handler {}
    pub(super) trait Messages {}
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod conclib {}
    pub(super) mod serde {}
}
#[allow(unused_imports, reason = "they only shadow")]
use shadows::*;

#[message(reply = ::std::string::String)]
pub(super) struct Greet {
    pub(super) name: ::std::string::String,
}

#[message(reply = u8)]
pub(super) enum Step {
    Left,
    Right(u8),
    Both { left: u8, right: u8 },
}

#[actor(urn = "bare", mailbox = 8, overflow = Reject)]
pub(super) struct Bare {
    #[field(get, set)]
    ticks: u8,
    inner: Inner,
}

pub(super) struct Inner;

#[part]
impl Inner {
    #[message]
    async fn triple(&mut self, of: u8) -> ::core::result::Result<u8, ::conclib::error::Fault> {
        ::core::result::Result::Ok(of * 3)
    }
}

#[protocol]
pub(super) trait Doubles {
    #[message]
    async fn double(&self, of: u8) -> u8 {
        of * 2
    }

    #[message]
    fn keep(
        &mut self,
        it: ::std::string::String,
    ) -> ::core::result::Result<u8, ::conclib::error::Fault>;
}

impl Doubles for Bare {
    fn keep(
        &mut self,
        it: ::std::string::String,
    ) -> ::core::result::Result<u8, ::conclib::error::Fault> {
        ::core::mem::drop(it);
        ::core::result::Result::Ok(1)
    }
}

#[actor(protocols(Doubles, BareFields))]
impl Bare {
    #[part]
    fn inner(&mut self) -> &mut Inner {
        &mut self.inner
    }

    #[handler]
    fn greet(&mut self, greet: Greet) -> ::std::string::String {
        greet.name
    }

    #[handler]
    async fn step(&mut self, step: Step) -> u8 {
        match step {
            Step::Left => 0,
            Step::Right(by) => by,
            Step::Both { left, right } => left + right,
        }
    }

    #[message(every = "1h")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[message(batch = 2, within = "1ms")]
    async fn both(&mut self, of: ::std::vec::Vec<u8>) -> ::std::vec::Vec<u8> {
        of
    }

    #[message]
    fn half(&self, of: u8) -> ::core::result::Result<u8, ::conclib::error::Fault> {
        ::core::result::Result::Ok(of / 2)
    }

    #[on(create)]
    fn create(ticks: u8) -> Self {
        let inner = Inner;
        Self { ticks, inner }
    }

    #[on(start)]
    fn started(&mut self) {
        self.ticks = 0;
    }

    #[on(stop)]
    fn stopped(&mut self, _: &::conclib::StopReason) {}

    #[on(error)]
    fn failed(&mut self, _: ::conclib::HandlerError) -> ::conclib::Directive {
        ::conclib::Directive::Resume
    }

    #[fallback]
    fn other(&mut self, request: ::conclib::wire::RequestEnvelope) {
        ::core::mem::drop(request);
    }
}
