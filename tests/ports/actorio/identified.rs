//! test_interfaces.py. Here an object with an identifier is a URN, and
//! references are equal if they lead to one actor.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use conclib::prelude::*;

use support::{Scribe, scribe};

fn urn(text: &str) -> Urn {
    text.parse().unwrap()
}

fn hash(it: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    it.hash(&mut hasher);
    hasher.finish()
}

/// Two references to one actor, and one to another.
fn references(system: &System) -> [ActorRef<Scribe>; 3] {
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    let other = system.spawn(scribe().0).unwrap();
    [one, system.get("one").unwrap(), other]
}

#[support::test]
fn identified_simple() {
    assert_eq!(urn("abcd").as_str(), "abcd");
}

#[support::test]
async fn has_same_identifier() {
    let [one, again, other] = references(&System::new("actorio"));
    assert_eq!(one.urn(), again.urn());
    assert_ne!(one.urn(), other.urn());
}

#[support::test]
async fn two_identified_objects_with_same_identifier_have_same_hash() {
    let [one, again, _] = references(&System::new("actorio"));
    assert_eq!(hash(&one), hash(&again));
    assert_eq!(hash(&urn("a")), hash(&urn("a")));
}

/// A map by URN can be asked with a text.
#[support::test]
fn has_same_hash_as_identifier() {
    assert_eq!(hash(&urn("a")), hash("a"));
    let map = HashMap::from([(urn("a"), 1)]);
    assert_eq!(map.get("a"), Some(&1));
}

#[support::test]
#[allow(clippy::mutable_key_type, reason = "the hash never changes")]
async fn identified_objects_are_findable_in_sets() {
    let [one, again, other] = references(&System::new("actorio"));
    let set = HashSet::from([one]);
    assert!(set.contains(&again) && !set.contains(&other));
}

#[support::test]
#[allow(clippy::mutable_key_type, reason = "the hash never changes")]
async fn identified_objects_are_findable_in_dicts() {
    let [one, again, other] = references(&System::new("actorio"));
    let map = HashMap::from([(one, "sentinel")]);
    assert_eq!(map.get(&again), Some(&"sentinel"));
    assert_eq!(map.get(&other), None);
}

#[support::test]
async fn identifier_equality() {
    let [one, again, _] = references(&System::new("actorio"));
    assert_eq!(one, again);
}

#[support::test]
async fn identifier_inequality() {
    let [one, _, other] = references(&System::new("actorio"));
    assert_ne!(one, other);
}

/// A value that is no URN is compared by its text, or not at all.
#[support::test]
fn identifier_inequality_with_not_identified() {
    assert!(urn("a") != "object");
}
