//! The actor that adds up numbers.

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

pub(crate) struct Counter;

pub(crate) enum Message {
    Add(u64),
    Sum(u64, RpcReplyPort<u64>),
}

impl Actor for Counter {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, _: ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        sum: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add(by) => *sum += by,
            Message::Sum(by, reply) => {
                *sum += by;
                reply.send(*sum)?;
            }
        }
        Ok(())
    }
}
