//! proxy/test_traversable.py and proxy/test_typed_proxy.py. Ours: what lies
//! inside an actor is reached by the messages that lead there.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

use crate::at::{At, Outside, on_every_place};
use crate::common::guard;

on_every_place! {
    attr_of_traversable_attr_can_be_read,
    traversable_object_returned_from_property_is_not_traversed,
    proxy_field,
    proxy_traversable_object_field,
    proxy_method,
    proxy_to_actor_methods,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constants {
    pub pi: f64,
}

#[actor]
struct Circle {
    constants: Constants,
    text: String,
}

#[actor]
impl Circle {
    #[message]
    fn text(&mut self) -> String {
        self.text.clone()
    }

    #[message]
    fn area(&mut self, radius: f64) -> f64 {
        self.constants.pi * radius.powi(2)
    }

    #[message]
    fn constants_pi(&mut self) -> f64 {
        self.constants.pi
    }

    #[message]
    fn set_constants_pi(&mut self, pi: f64) {
        self.constants.pi = pi;
    }

    /// A copy.
    #[message]
    fn constants(&mut self) -> Constants {
        self.constants.clone()
    }
}

fn circle() -> Circle {
    Circle {
        constants: Constants { pi: 3.125 },
        text: "The fox crossed the road.".into(),
    }
}

#[message(name = "constants.pi", reply = f64)]
struct Inner;

#[tokio::test]
async fn attr_without_marker_cannot_be_traversed() {
    let _guard = guard();
    let system = System::new("pykka");
    let _circle = system.actor(circle()).urn("circle").spawn().unwrap();
    Outside::of(&system).await.is_unknown("circle", Inner).await;
}

async fn attr_of_traversable_attr_can_be_read(at: At) {
    let circle = at.spawn(circle());
    circle.set_constants_pi(3.0).await.unwrap();
    assert_eq!(circle.constants_pi().await.unwrap(), 3.0);
    assert_eq!(circle.area(2.0).await.unwrap(), 12.0);
}

async fn traversable_object_returned_from_property_is_not_traversed(at: At) {
    let circle = at.spawn(circle());
    let mut copy = circle.constants().await.unwrap();
    copy.pi += 1.0;
    assert_ne!(circle.constants().await.unwrap(), copy);
}

async fn proxy_field(at: At) {
    let text = at.spawn(circle()).text().await.unwrap();
    assert_eq!(text, "The fox crossed the road.");
}

async fn proxy_traversable_object_field(at: At) {
    let circle = at.spawn(circle());
    assert_eq!(circle.constants_pi().await.unwrap(), 3.125);
}

async fn proxy_method(at: At) {
    assert_eq!(at.spawn(circle()).area(2.0).await.unwrap(), 12.5);
}

async fn proxy_to_actor_methods(at: At) {
    assert_eq!(at.spawn(circle()).stop().await, StopReason::Stopped);
}
