//! The actor that passes a countdown on to the next.

use conclib::prelude::*;
use harness::Route;

#[actor]
pub(crate) struct Hopper {
    route: Route<ActorRef<Hopper>>,
}

impl Hopper {
    pub(crate) fn new(route: Route<ActorRef<Hopper>>) -> Self {
        Self { route }
    }
}

#[actor]
impl Hopper {
    #[message(local)]
    async fn link(&mut self, next: ActorRef<Hopper>) {
        self.route.link(next);
    }

    #[message]
    async fn hop(&mut self, left: u64) {
        if let Some((next, left)) = self.route.hop(left) {
            next.hop(left).tell().await.expect("the next hopper lives");
        }
    }
}
