//! Two actors ask each other. The ask that would close the cycle fails at once;
//! meanwhile the dump shows the waiting actors.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor(urn = "foo")]
struct ActorA;

#[actor]
impl ActorA {
    #[message(local)]
    async fn foo(&mut self, b: ActorRef<ActorB>, ctx: &mut Context<Self>) {
        if let Err(AskError::Cycle { path, .. }) = b.bar(ctx.me()).await {
            let path: Vec<_> = path.iter().map(ToString::to_string).collect();
            println!("would deadlock: {}", path.join(" -> "));
            print!("{}", ctx.system().dump());
        }
    }
}

#[actor(urn = "bar")]
struct ActorB;

#[actor]
impl ActorB {
    #[message(local)]
    async fn bar(&mut self, a: ActorRef<ActorA>, ctx: &mut Context<Self>) {
        let _ = a.foo(ctx.me()).await;
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("deadlock");
    let (a, b) = (system.spawn(ActorA)?, system.spawn(ActorB)?);
    b.bar(a).await?;
    Ok(())
}
