//! Actor with configurable hooks, which note their calls.

use conclib::prelude::*;

use support::{Gate, Log, NoGood};

/// Behaviour of the hooks in a test.
#[derive(Clone, Default)]
pub struct Plan {
    pub log: Log,
    pub fails_in: &'static str,
    pub stops_at_start: bool,
    pub on_error: Directive,
}

impl Plan {
    pub fn failing_in(hook: &'static str) -> Self {
        Self {
            fails_in: hook,
            ..Self::default()
        }
    }

    /// Behaves as pykka: an error without an asker ends the actor.
    pub fn strict() -> Self {
        Self {
            on_error: Directive::Stop,
            ..Self::default()
        }
    }

    fn run(&self, hook: &str) -> Result<(), NoGood> {
        self.log.add(hook);
        if self.fails_in == hook {
            return Err(NoGood(format!("{hook} failure")));
        }
        Ok(())
    }
}

#[actor]
#[derive(Default)]
pub struct Clerk(pub Plan);

#[actor]
impl Clerk {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), NoGood> {
        if ctx.system().lookup(ctx.urn()).is_ok() {
            self.0.log.add("registered");
        }
        if self.0.stops_at_start {
            ctx.stop();
        }
        self.0.run("start")
    }

    #[on(stop)]
    fn stop(&mut self) -> Result<(), NoGood> {
        self.0.run("stop")
    }

    #[on(error)]
    fn failed(&mut self) -> Directive {
        self.0.run("failure").unwrap();
        self.0.on_error
    }

    #[message(local)]
    pub async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    pub fn ping(&mut self) -> String {
        self.0.log.add("ping");
        "pong".to_owned()
    }

    #[message]
    pub fn raise(&mut self) -> Result<(), NoGood> {
        Err(NoGood("foo".into()))
    }

    #[message]
    pub fn explode(&mut self) {
        panic!("no way on");
    }

    #[message]
    pub fn stop_twice(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
        ctx.stop();
    }

    #[message]
    pub async fn message_self_then_stop(&mut self, ctx: &mut Context<Self>) {
        ctx.me().greetings().tell().await.unwrap();
        ctx.stop();
    }

    #[message]
    pub fn greetings(&mut self) {
        self.0.log.add("greetings");
    }

    #[message]
    pub fn hello(&mut self, whom: String) -> String {
        format!("Hello, {whom}!")
    }

    /// The answer to a message to itself comes after this turn.
    #[message(local)]
    pub async fn talk_with_self(&mut self, ctx: &mut Context<Self>) -> Reply<String> {
        let me = ctx.me();
        me.hello("from the future".into()).reply().await.unwrap()
    }
}
