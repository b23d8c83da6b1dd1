//! Types of elements.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Type of the elements of an object: any type that is `Clone` and serde, as an
/// [`ActorRef`](conclib_core::ActorRef) and a [`Held`](conclib_core::Held) are.
///
/// ```
/// fn is_element<T: conclib::held::Element>() {}
/// is_element::<Vec<String>>();
/// ```
pub trait Element: Clone + Serialize + DeserializeOwned + Send + 'static {}

impl<T: Clone + Serialize + DeserializeOwned + Send + 'static> Element for T {}
