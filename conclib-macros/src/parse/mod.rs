//! Parser from tokens to the model. Decisions about the expansion are made
//! elsewhere.

mod args;
mod block;
mod condition;
mod duration;
mod field;
mod method;
mod mistakes;
mod part;
mod protocol;
mod role;
mod signature;
mod this;

pub(crate) use args::{
    actor_args, entry_args, field_args, impl_args, message_args, part_args, protocol_args,
};
pub(crate) use block::actor_impl;
pub(crate) use condition::fork;
pub(crate) use field::fields;
pub(crate) use mistakes::Mistakes;
pub(crate) use part::part_impl;
pub(crate) use protocol::protocol_trait;
pub(crate) use this::own_lifetimes;
