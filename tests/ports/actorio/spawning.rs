//! test_spawning.py

use conclib::AnyRef;
use conclib::prelude::*;

use support::{Scribe, ScribeCalls, ScribeExplode, scribe};

#[actor]
struct Parent;

#[actor]
impl Parent {
    #[message(local)]
    fn register_child(&mut self, ctx: &mut Context<Self>) -> ActorRef<Scribe> {
        ctx.spawn(scribe().0).unwrap()
    }

    #[message]
    fn children(&mut self, ctx: &mut Context<Self>) -> Vec<Urn> {
        ctx.children().iter().map(AnyRef::urn).collect()
    }
}

#[support::test]
async fn actor_starts_child_actor_on_register() {
    let system = System::new("actorio");
    let parent = system.spawn(Parent).unwrap();
    let child = parent.register_child().await.unwrap();
    child.started().await.unwrap();
    assert_eq!(child.state(), Some(State::Running));
    parent.stop().await;
    assert_eq!(child.state(), Some(State::Stopped));
    assert_eq!(child.stopped().await, Some(StopReason::Parent));
}

#[support::test]
async fn parent_actor_is_properly_registered_on_child() {
    let system = System::new("actorio");
    let parent = system.spawn(Parent).unwrap();
    let child = parent.register_child().await.unwrap();
    assert_eq!(parent.children().await.unwrap(), [child.urn()]);
    let seen = system.snapshot().actors;
    assert_eq!(seen[1].parent, Some(parent.urn()));
}

#[support::test]
async fn all_actors_should_be_stopped_if_one_fails() {
    let system = System::new("actorio");
    let application = system.spawn(Parent).unwrap();
    let mut actors = Vec::new();
    for _ in 0..3 {
        actors.push(application.register_child().await.unwrap());
    }
    let foo = ScribeExplode { text: "foo".into() };
    actors[2].ask(foo).await.unwrap_err();
    let reason = application.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::Escalated(_)), "{reason}");
    assert!(reason.to_string().contains("foo"), "{reason}");
    for actor in actors {
        assert_eq!(actor.state(), Some(State::Stopped));
        assert!(actor.echo(1).await.is_err());
    }
}
