//! The actor that passes a countdown on to the next.

use std::sync::Arc;

use harness::{Gate, Route};
use ractor::{Actor, ActorProcessingErr, ActorRef};

pub(crate) struct Hopper;

pub(crate) enum Message {
    Next(ActorRef<Message>),
    Hop(u64),
}

impl Actor for Hopper {
    type Msg = Message;
    type State = Route<ActorRef<Message>>;
    type Arguments = Arc<Gate>;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        finish: Arc<Gate>,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(Route::new(finish))
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        route: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Next(next) => route.link(next),
            Message::Hop(left) => {
                if let Some((next, left)) = route.hop(left) {
                    next.cast(Message::Hop(left))?;
                }
            }
        }
        Ok(())
    }
}
