//! Hooks, async and not, with and without optional parameters.

use std::sync::mpsc::{Sender, channel};

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

type Log = Sender<&'static str>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("broken")]
struct Broken;

#[actor]
struct Plain(Log);

#[actor]
impl Plain {
    #[on(create)]
    fn create(log: Log) -> Self {
        let _ = log.send("create");
        Self(log)
    }

    #[on(start)]
    fn started(&mut self) {
        let _ = self.0.send("start");
    }

    #[on(stop)]
    fn stopped(&mut self) {
        let _ = self.0.send("stop");
    }

    #[on(error)]
    fn failed(&mut self) -> Directive {
        let _ = self.0.send("error");
        Directive::Resume
    }

    #[fallback]
    fn other(&mut self, _: RequestEnvelope) {}

    #[message(local)]
    #[allow(
        clippy::needless_pub_self,
        reason = "it says how visible the message is"
    )]
    pub(self) fn fail(&mut self) -> Result<(), Broken> {
        Err(Broken)
    }
}

#[actor]
struct Full(Log);

#[actor]
impl Full {
    #[on(create)]
    async fn create(
        (log, what): (Log, &'static str),
        ctx: &mut Context<Self>,
    ) -> Result<Self, Broken> {
        assert_eq!(ctx.system().name(), "hooks");
        let _ = log.send(what);
        Ok(Self(log))
    }

    #[on(start)]
    async fn started(&mut self, ctx: &mut Context<Self>) -> Result<(), BoxError> {
        assert_eq!(ctx.system().name(), "hooks");
        let _ = self.0.send("start");
        Ok(())
    }

    #[on(stop)]
    async fn stopped(&mut self, _: &StopReason, ctx: &mut Context<Self>) {
        assert_eq!(ctx.system().name(), "hooks");
        let _ = self.0.send("stop");
    }

    #[on(error)]
    async fn failed(&mut self, _: HandlerError, ctx: &mut Context<Self>) -> Directive {
        assert_eq!(ctx.system().name(), "hooks");
        let _ = self.0.send("error");
        Directive::Resume
    }

    #[fallback]
    async fn other(&mut self, request: RequestEnvelope, ctx: &mut Context<Self>) {
        drop((request, ctx.urn()));
    }

    #[message(local)]
    #[allow(
        clippy::needless_pub_self,
        reason = "it says how visible the message is"
    )]
    pub(self) async fn fail(&mut self, ctx: &mut Context<Self>) -> Result<(), Broken> {
        drop(ctx.urn());
        Err(Broken)
    }
}

#[tokio::test]
async fn they_run() {
    let system = System::new("hooks");
    let (log, seen) = channel();
    let plain = system.create::<Plain>(log.clone()).spawn().unwrap();
    plain.fail().tell().await.unwrap();
    plain.stop().await;
    let full = system.create::<Full>((log.clone(), "create"));
    let full = full.spawn().unwrap();
    full.fail().tell().await.unwrap();
    full.stop().await;
    let once = ["create", "start", "error", "stop"];
    drop(log);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [once, once].concat());
}
