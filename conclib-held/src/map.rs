//! Map from keys to values.

use std::collections::HashMap;
use std::hash::Hash;

use conclib_macros::actor;

use crate::element::Element;

/// Map that its holders share, in no order.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let ages = system.spawn(Map::new())?;
/// assert_eq!(ages.insert("Ada".to_owned(), 36).await?, None);
/// ages.extend(vec![("Bob".to_owned(), 7), ("Eve".to_owned(), 30)]).await?;
/// assert_eq!(ages.get("Ada".to_owned()).await?, Some(36));
/// assert_eq!(ages.len().await?, 3);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug, Clone)]
pub struct Map<K, V>(HashMap<K, V>);

impl<K, V> Map<K, V> {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self(HashMap::new())
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> From<HashMap<K, V>> for Map<K, V> {
    fn from(entries: HashMap<K, V>) -> Self {
        Self(entries)
    }
}

#[actor(crate = conclib_core)]
impl<K: Element + Eq + Hash, V: Element> Map<K, V> {
    /// Returns the value of a key.
    #[message]
    fn get(&mut self, key: K) -> Option<V> {
        self.0.get(&key).cloned()
    }

    /// Sets the value of a key, and returns the former one.
    #[message]
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// Sets the values of keys.
    #[message]
    fn extend(&mut self, entries: Vec<(K, V)>) {
        self.0.extend(entries);
    }

    /// Removes a key, and returns its value.
    #[message]
    fn remove(&mut self, key: K) -> Option<V> {
        self.0.remove(&key)
    }

    /// Tells whether there is that key.
    #[message]
    fn contains(&mut self, key: K) -> bool {
        self.0.contains_key(&key)
    }

    /// Returns the keys.
    #[message]
    fn keys(&mut self) -> Vec<K> {
        self.0.keys().cloned().collect()
    }

    /// Returns the keys with their values.
    #[message]
    fn entries(&mut self) -> Vec<(K, V)> {
        let entries = self.0.iter();
        entries.map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// Returns the number of keys.
    #[message]
    fn len(&mut self) -> usize {
        self.0.len()
    }

    /// Removes all keys.
    #[message]
    fn clear(&mut self) {
        self.0.clear();
    }
}
