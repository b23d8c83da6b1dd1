//! Waits until no actor of a system has anything to do.

use std::fmt::Write;
use std::sync::Arc;

use conclib_core::__private::{ActorUnderTest, SystemUnderTest};
use conclib_core::System;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::PATIENCE;
use super::kit::Kit;

/// Resolves when no actor of the system has anything to do: each has finished its start, runs no
/// turn and no concurrent handler, and has an empty mailbox.
///
/// The actors report their state, so this neither sleeps nor polls, and paused time goes on while a
/// turn waits for it. An actor whose tick or stream will produce something later has nothing to do.
/// Tasks that a handler has spawned are not tracked, but all tasks that can run do so before this
/// resolves. Actors in processes of their own are not waited for.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[actor]
/// struct Countdown { left: u64 }
///
/// #[actor]
/// impl Countdown {
///     #[message]
///     async fn step(&mut self, ctx: &mut Context<Self>) {
///         self.left -= 1;
///         if self.left > 0 {
///             let _ = ctx.me().step().tell().await;
///         }
///     }
///
///     #[message]
///     fn left(&self) -> u64 { self.left }
/// }
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let countdown = system.spawn(Countdown { left: 100 })?;
///     countdown.step().tell().await?;
///     testing::quiet(&system).await;
///     assert_eq!(countdown.left().await?, 0);
///     Ok(())
/// })
/// # }
/// ```
///
/// # Panics
/// Panics after ten seconds, with a list of the actors that have something to do. Never resolves in
/// a turn of an actor of the system.
///
/// # Cancel safety
/// Dropping the future only ends the waiting.
pub async fn quiet(system: &System) {
    quiet_in(&SystemUnderTest::of(system)).await;
}

pub(super) async fn quiet_in(system: &SystemUnderTest) {
    let kit = watched(system);
    if timeout(PATIENCE, until_quiet(system, &kit)).await.is_err() {
        panic!(
            "`{}` is not quiet after {PATIENCE:?}:{}",
            system.name(),
            busy(system, &kit)
        );
    }
}

async fn until_quiet(system: &SystemUnderTest, kit: &Kit) {
    loop {
        let changed = kit.changed().notified();
        if !is_quiet(system, kit) {
            changed.await;
            continue;
        }
        // A task that can run may send a message to one of the actors.
        let moves = kit.moves();
        yield_now().await;
        if is_quiet(system, kit) && kit.moves() == moves {
            return;
        }
    }
}

/// Has all actors of the system tell what they do, from now on.
pub(super) fn watched(system: &SystemUnderTest) -> Arc<Kit> {
    system.hook_or_install(Kit::default)
}

fn is_quiet(system: &SystemUnderTest, kit: &Kit) -> bool {
    system.actors().all(|actor| is_idle(&actor, kit))
}

fn is_idle(actor: &ActorUnderTest, kit: &Kit) -> bool {
    (kit.is_parked(actor.id()) && !actor.has_work()) || !actor.is_here()
}

/// Lists the actors that have something to do.
fn busy(system: &SystemUnderTest, kit: &Kit) -> String {
    let mut text = String::new();
    for actor in system.actors() {
        if is_idle(&actor, kit) {
            continue;
        }
        let actor = actor.snapshot();
        let doing = match &actor.busy_with {
            Some(message) => format!("has its turn of `{message}`"),
            None => format!("is {:?}", actor.state),
        };
        let (urn, waiting) = (&actor.urn, actor.depth);
        let _ = write!(text, "\n  `{urn}` {doing}; {waiting} messages wait");
    }
    text
}
