//! Data and operations that a context gives a handler.
use conclib::prelude::*;

/// Asks for the sender of this message.
#[message(reply = Option<String>)]
pub struct WhoAmI;

#[actor(urn = "host")]
#[derive(Default)]
struct Host {
    last: Option<conclib::AnyRef>,
}

#[actor]
impl Host {
    #[handler]
    fn who(&mut self, _: WhoAmI, ctx: &mut Context<Self>) -> Option<String> {
        self.last = ctx.sender();
        ctx.sender().map(|sender| sender.urn().to_string())
    }

    /// Sends itself a message, to see its sender.
    #[message]
    async fn note_to_self(&mut self, ctx: &mut Context<Self>) {
        ctx.me().remember().tell().await.unwrap();
    }

    #[message]
    fn remember(&mut self, ctx: &mut Context<Self>) {
        self.last = ctx.sender();
    }

    #[message]
    fn last(&mut self) -> Option<String> {
        self.last.take().map(|sender| sender.urn().to_string())
    }

    /// Spawns another actor in the same system.
    #[message]
    async fn invite(&mut self, name: String, ctx: &mut Context<Self>) -> bool {
        let host = ctx.me().recipient();
        let guest = ctx.system().actor(Guest(host)).urn(&name).spawn();
        guest.is_ok()
    }
}

#[actor]
struct Guest(Recipient<WhoAmI>);

#[actor]
impl Guest {
    #[message]
    async fn go(&mut self, how: u8, ctx: &mut Context<Self>) -> Option<String> {
        let _ = ctx.urn();
        match how {
            0 => self.0.ask(WhoAmI).await.unwrap(),
            1 => self.0.ask(WhoAmI).reply().await.unwrap().await.unwrap(),
            2 => {
                // A message that another task sends is not from this actor.
                let ask = self.0.ask(WhoAmI).owned();
                tokio::spawn(async move { ask.await.unwrap() })
                    .await
                    .unwrap()
            }
            _ => {
                self.0.ask(WhoAmI).tell().await.unwrap();
                self.0.ask(WhoAmI).try_tell().unwrap();
                None
            }
        }
    }
}

#[support::test]
async fn the_sender_is_the_actor_whose_turn_sent_the_message() {
    let system = System::new("context");
    let host = system.spawn(Host::default()).unwrap();
    // A caller outside of actors has no name.
    assert_eq!(host.ask(WhoAmI).await, Ok(None));
    let guest = system.actor(Guest(host.recipient())).urn("guest");
    let guest = guest.spawn().unwrap();
    let name = Some("guest".to_owned());
    assert_eq!(guest.go(0).await, Ok(name.clone()));
    assert_eq!(guest.go(1).await, Ok(name.clone()));
    assert_eq!(guest.go(2).await, Ok(None));
    assert_eq!(host.last().await, Ok(None));
    assert_eq!(guest.go(3).await, Ok(None));
    assert_eq!(host.last().await, Ok(name));
    host.note_to_self().await.unwrap();
    assert_eq!(host.ask(WhoAmI).await, Ok(None), "not the one before");
    host.note_to_self().await.unwrap();
    assert_eq!(host.last().await.unwrap().as_deref(), Some("host"));
}

#[support::test]
async fn an_actor_can_spawn_into_its_own_system_and_be_found_there() {
    let system = System::new("context");
    let host = system.spawn(Host::default()).unwrap();
    assert_eq!(host.invite("guest".into()).await, Ok(true));
    assert_eq!(host.invite("guest".into()).await, Ok(false));
    let guest = system.get::<Guest>("guest").unwrap();
    let asked = guest.go(0).await.unwrap();
    assert_eq!(asked.as_deref(), Some("guest"));
}
