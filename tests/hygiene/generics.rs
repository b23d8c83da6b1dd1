//! Generic actors.

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[message(reply = Option<V>)]
struct Swap<K: Eq, V>
where
    V: Clone,
{
    key: K,
    value: V,
}

#[actor]
struct Cache<K, V = String> {
    entries: HashMap<K, V>,
}

#[actor]
impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    #[message]
    fn put(&mut self, key: K, value: V) {
        self.entries.insert(key, value);
    }

    /// `V` is only in the reply.
    #[message]
    fn get(&self, key: K) -> Option<V> {
        self.entries.get(&key).cloned()
    }

    #[message(batch = 4)]
    fn take(&mut self, keys: Vec<K>) -> Vec<Option<V>> {
        keys.iter().map(|key| self.entries.remove(key)).collect()
    }

    #[message]
    fn len(&self) -> usize {
        self.entries.len()
    }

    #[message]
    fn keys(&self) -> Vec<K> {
        self.entries.keys().cloned().collect()
    }

    #[message]
    fn clear(&mut self) {
        self.entries.clear();
    }

    /// Comes at once for the first time, at any moment of a test.
    #[message(every = "1h")]
    fn tick(&mut self) {}

    #[handler]
    async fn swap(&mut self, Swap { key, value }: Swap<K, V>) -> Option<V> {
        self.entries.insert(key, value)
    }
}

#[tokio::test]
async fn a_cache() {
    let system = System::new("generics");
    let cache = system
        .spawn(Cache::<String> {
            entries: HashMap::new(),
        })
        .unwrap();
    cache.put("a".into(), "1".into()).tell().await.unwrap();
    assert_eq!(cache.get("a".into()).await.unwrap(), Some("1".into()));
    let get = CacheGet {
        key: "b".to_owned(),
        _marker: PhantomData,
    };
    assert_eq!(cache.ask(get).await.unwrap(), None);
    let swap = Swap {
        key: "a".to_owned(),
        value: "2".to_owned(),
    };
    assert_eq!(cache.ask(swap).await.unwrap(), Some("1".into()));
    assert_eq!(cache.keys().await.unwrap(), ["a"]);
    cache.clear().await.unwrap();
    assert_eq!(cache.len().await.unwrap(), 0);
}

/// Type without serde, which no own message of the actor mentions.
struct Opaque(u64);

trait Number {
    fn number(&self) -> u64;
}

impl Number for Opaque {
    fn number(&self) -> u64 {
        self.0
    }
}

#[actor]
struct Slots<T, const N: usize>
where
    T: Number,
{
    slots: [T; N],
}

#[actor]
impl<T, const N: usize> Slots<T, N>
where
    T: Number,
{
    #[message]
    fn sum(&self, weights: [u64; 2]) -> u64 {
        let sum: u64 = self.slots.iter().map(Number::number).sum();
        sum * weights[0] + weights[1]
    }

    #[message]
    fn count(&self) -> Counted<N> {
        Counted(N)
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[allow(unreachable_pub, reason = "the reply of a message that is `pub`")]
pub struct Counted<const N: usize>(usize);

#[tokio::test]
async fn consts_and_where_clauses() {
    let system = System::new("generics");
    let slots = [Opaque(1), Opaque(2)];
    let actor = system.spawn(Slots { slots }).unwrap();
    assert_eq!(actor.sum([2, 1]).await.unwrap(), 7);
    assert_eq!(actor.count().await.unwrap(), Counted::<2>(2));
}

#[actor]
struct Holder<T>(Option<T>);

#[actor]
impl<T: From<u8> + Into<u64>> Holder<T> {
    #[message(local)]
    fn put(&mut self, value: T) -> Option<T> {
        self.0.replace(value)
    }
}

struct Byte(u8);

impl From<u8> for Byte {
    fn from(byte: u8) -> Self {
        Self(byte)
    }
}

impl From<Byte> for u64 {
    fn from(byte: Byte) -> Self {
        byte.0.into()
    }
}

#[tokio::test]
async fn local_messages_need_no_serde() {
    let system = System::new("generics");
    let holder = system.spawn(Holder::<Byte>(None)).unwrap();
    assert!(holder.put(1.into()).await.unwrap().is_none());
    let former = holder.put(2.into()).await.unwrap();
    assert_eq!(former.map(Into::<u64>::into), Some(1));
}

#[actor]
struct Twin<A, B>(A, B);

/// Impl for one choice of parameters, both of them numbers.
#[actor]
impl Twin<u8, u16> {
    #[message]
    fn sum(&self) -> u16 {
        u16::from(self.0) + self.1
    }
}

#[tokio::test]
async fn one_of_many() {
    let system = System::new("generics");
    let twin = system.spawn(Twin(1, 2)).unwrap();
    assert_eq!(twin.sum().await.unwrap(), 3);
}
