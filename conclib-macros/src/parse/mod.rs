//! Parser from tokens to the model. Decisions about the expansion are made
//! elsewhere.
//!
//! Floors, lowest first: mistakes and durations; the arguments of attributes,
//! the roles of methods, raw bodies and signatures; types that stay in one thread; types that mention `Self`; methods;
//! parts; fields, conditions and whole blocks; items beside a block.

mod args;
mod batch;
mod beside;
mod block;
mod condition;
mod duration;
mod field;
mod method;
mod mistakes;
mod one_thread;
mod part;
mod protocol;
mod raw;
mod role;
mod self_type;
mod signature;

pub(crate) use args::{
    actor_args, entry_args, field_args, impl_args, message_args, part_args, protocol_args,
};
pub(crate) use beside::Beside;
pub(crate) use block::actor_impl;
pub(crate) use condition::fork;
pub(crate) use field::fields;
pub(crate) use mistakes::Mistakes;
pub(crate) use part::part_impl;
pub(crate) use protocol::protocol_trait;
pub(crate) use raw::{fill, impl_block, printed, trait_block, without_body};
pub(crate) use self_type::{borrows, make_static};
