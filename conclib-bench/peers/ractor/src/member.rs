//! The actor that gets deliveries, or nothing at all.

use harness::Membership;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

pub(crate) struct Member;

pub(crate) enum Message {
    Deliver(u64),
    Total(u64, RpcReplyPort<u64>),
}

impl Actor for Member {
    type Msg = Message;
    type State = Membership;
    type Arguments = Membership;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        membership: Membership,
    ) -> Result<Membership, ActorProcessingErr> {
        membership.started();
        Ok(membership)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        membership: &mut Membership,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Deliver(by) => membership.deliver(by),
            Message::Total(by, reply) => reply.send(membership.total(by))?,
        }
        Ok(())
    }
}
