//! proxy/test_traversable.py and proxy/test_typed_proxy.py. Here a traversable
//! object is a `#[part]`.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

use super::at::{At, Outside, on_every_place};

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

#[part]
impl Constants {
    #[message]
    fn pi(&self) -> f64 {
        self.pi
    }

    #[message]
    fn set_pi(&mut self, pi: f64) {
        self.pi = pi;
    }

    /// Plain method, no message.
    fn tau(&self) -> f64 {
        2.0 * self.pi
    }
}

#[actor]
pub struct Circle {
    constants: Constants,
    #[field(get)]
    text: String,
}

#[actor(protocols(CircleFields))]
impl Circle {
    #[part]
    fn constants(&mut self) -> &mut Constants {
        &mut self.constants
    }

    #[message]
    fn area(&mut self, radius: f64) -> f64 {
        self.constants.tau() / 2.0 * radius.powi(2)
    }

    /// Returns a copy.
    #[message]
    fn all_constants(&mut self) -> Constants {
        self.constants.clone()
    }
}

pub fn circle() -> Circle {
    Circle {
        constants: Constants { pi: 3.125 },
        text: "The fox crossed the road.".into(),
    }
}

/// Same value inside, but without a `#[part]`.
#[actor]
struct Closed {
    constants: Constants,
}

#[actor]
impl Closed {
    #[message]
    fn area(&mut self, radius: f64) -> f64 {
        self.constants.pi * radius.powi(2)
    }
}

#[support::test]
async fn attr_without_marker_cannot_be_traversed() {
    let system = System::new("pykka");
    let constants = circle().constants;
    let closed = system.actor(Closed { constants }).urn("closed");
    let closed = closed.spawn().unwrap();
    let outside = Outside::of(&system).await;
    outside.is_unknown("closed", ConstantsPi {}).await;
    assert_eq!(closed.area(2.0).await.unwrap(), 12.5);
}

async fn attr_of_traversable_attr_can_be_read(at: At) {
    let circle = at.spawn(circle());
    circle.constants().set_pi(3.0).await.unwrap();
    assert_eq!(circle.constants().pi().await.unwrap(), 3.0);
    assert_eq!(circle.area(2.0).await.unwrap(), 12.0);
}

async fn traversable_object_returned_from_property_is_not_traversed(at: At) {
    let circle = at.spawn(circle());
    let mut copy = circle.all_constants().await.unwrap();
    copy.pi += 1.0;
    assert_ne!(circle.all_constants().await.unwrap(), copy);
}

async fn proxy_field(at: At) {
    let text = at.spawn(circle()).text().await.unwrap();
    assert_eq!(text, "The fox crossed the road.");
}

async fn proxy_traversable_object_field(at: At) {
    let circle = at.spawn(circle());
    assert_eq!(circle.constants().pi().await.unwrap(), 3.125);
}

async fn proxy_method(at: At) {
    assert_eq!(at.spawn(circle()).area(2.0).await.unwrap(), 12.5);
}

async fn proxy_to_actor_methods(at: At) {
    assert_eq!(at.spawn(circle()).stop().await, StopReason::Stopped);
}
