//! proxy/test_attribute_access.py, and the two tests of test_messages.py about
//! attributes. Here an attribute is a `#[field]`, and a property is a message
//! that reads or writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclib::prelude::*;

use super::at::{At, Outside, on_every_place};

on_every_place! {
    proxy_get_attr,
    proxy_set_attr,
    attr_can_be_read_using_get_postfix,
    attr_can_be_set_using_assignment,
    property_can_be_read_using_get_postfix,
    property_can_be_set_using_assignment,
    property_is_not_accessed_when_creating_proxy,
}

#[actor]
struct Attributes {
    #[field(get, set)]
    an_attr: String,
    a_rw_property: String,
    /// Private field, without messages.
    private: String,
    reads: Arc<AtomicUsize>,
}

#[actor(protocols(AttributesFields))]
impl Attributes {
    #[message]
    fn a_ro_property(&mut self) -> usize {
        self.private.len()
    }

    #[message]
    fn a_rw_property(&mut self) -> String {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.a_rw_property.clone()
    }

    #[message]
    fn set_a_rw_property(&mut self, value: String) {
        self.a_rw_property = value;
    }
}

fn attributes() -> Attributes {
    Attributes {
        an_attr: "an_attr".into(),
        a_rw_property: "a_rw_property".into(),
        private: "secret".into(),
        reads: Arc::default(),
    }
}

async fn proxy_get_attr(at: At) {
    let it = at.spawn(attributes());
    assert_eq!(it.ask(AttributesFieldsAnAttr {}).await.unwrap(), "an_attr");
}

async fn proxy_set_attr(at: At) {
    let it = at.spawn(attributes());
    let message = AttributesFieldsSetAnAttr {
        an_attr: "abcdef".into(),
    };
    it.ask(message).await.unwrap();
    assert_eq!(it.an_attr().await.unwrap(), "abcdef");
}

async fn attr_can_be_read_using_get_postfix(at: At) {
    assert_eq!(at.spawn(attributes()).an_attr().await.unwrap(), "an_attr");
}

async fn attr_can_be_set_using_assignment(at: At) {
    let it = at.spawn(attributes());
    assert_eq!(it.an_attr().await.unwrap(), "an_attr");
    it.set_an_attr("an_attr_2".into()).await.unwrap();
    assert_eq!(it.an_attr().await.unwrap(), "an_attr_2");
}

async fn property_can_be_read_using_get_postfix(at: At) {
    let it = at.spawn(attributes());
    assert_eq!(it.a_ro_property().await.unwrap(), 6);
    assert_eq!(it.a_rw_property().await.unwrap(), "a_rw_property");
}

async fn property_can_be_set_using_assignment(at: At) {
    let it = at.spawn(attributes());
    it.set_a_rw_property("a_rw_property_2".into())
        .await
        .unwrap();
    assert_eq!(it.a_rw_property().await.unwrap(), "a_rw_property_2");
}

async fn property_is_not_accessed_when_creating_proxy(at: At) {
    let actor = attributes();
    let reads = Arc::clone(&actor.reads);
    let it = at.spawn(actor);
    it.started().await.unwrap();
    let found = at.system.get::<Attributes>(it.urn()).unwrap();
    let recipient: Recipient<AttributesARwProperty> = found.recipient();
    drop(recipient.ask(AttributesARwProperty {}));
    assert_eq!(found.an_attr().await.unwrap(), "an_attr");
    assert_eq!(reads.load(Ordering::Relaxed), 0);
}

/// An unknown message neither compiles, nor is it answered from outside.
async fn is_no_message<M: conclib::traits::WireMessage>(message: M) {
    let system = System::new("pykka");
    let it = system.actor(attributes()).urn("it").spawn().unwrap();
    Outside::of(&system).await.is_unknown("it", message).await;
    assert_eq!(it.an_attr().await.unwrap(), "an_attr");
}

#[message(name = "private", reply = String)]
struct Private;

#[support::test]
async fn private_attr_access_raises_exception() {
    is_no_message(Private).await;
}

#[message(name = "missing_attr", reply = String)]
struct MissingAttr;

#[support::test]
async fn missing_attr_access_raises_exception() {
    is_no_message(MissingAttr).await;
}

#[message(name = "set_a_ro_property")]
struct SetARoProperty {
    value: usize,
}

#[support::test]
async fn read_only_property_cannot_be_set() {
    is_no_message(SetARoProperty { value: 0 }).await;
}
