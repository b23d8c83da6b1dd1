//! Registry of the topics of a system, by name.

use std::any::{Any, type_name};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Inner, Topic};
use crate::error::TopicError;
use crate::message::Message;
use crate::system::System;

/// Topics of a system by name. Topics without a handle and without a subscriber are removed when
/// there are too many.
#[derive(Default)]
pub(crate) struct Topics(Mutex<TopicsByName>);

#[derive(Default)]
struct TopicsByName {
    topics: HashMap<Arc<str>, Arc<dyn AnyTopic>>,
    /// Number of topics at which unused ones are removed: twice the number that was left last time.
    limit: usize,
}

trait AnyTopic: Send + Sync {
    fn message(&self) -> &'static str;
    fn has_subscribers(&self) -> bool;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<M: Message> AnyTopic for Inner<M> {
    fn message(&self) -> &'static str {
        type_name::<M>()
    }

    fn has_subscribers(&self) -> bool {
        !self.slots().is_empty()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

const FEW: usize = 64;

impl Topics {
    pub(crate) fn topic<M: Message>(&self, name: &str) -> Result<Topic<M>, TopicError> {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = named.topics.get(name).cloned() {
            let mismatch = TopicError::TypeMismatch {
                topic: name.to_owned(),
                expected: type_name::<M>(),
                found: topic.message(),
            };
            let typed = topic.into_any().downcast().map_err(|_| mismatch);
            return typed.map(Topic);
        }
        if named.topics.len() >= named.limit.max(FEW) {
            // A handle can only be taken through this lock.
            named
                .topics
                .retain(|_, topic| Arc::strong_count(topic) > 1 || topic.has_subscribers());
            named.limit = 2 * named.topics.len();
        }
        let topic = Topic::new(name);
        named.topics.insert(topic.0.name.clone(), topic.0.clone());
        Ok(topic)
    }
}

impl System {
    /// Returns the topic of that name, and makes it if there is none. All callers get the same
    /// topic.
    ///
    /// The topic exists as long as it has a handle or a subscriber.
    ///
    /// # Errors
    /// Fails if the topic of that name carries another message type.
    pub fn topic<M: Message>(&self, name: impl AsRef<str>) -> Result<Topic<M>, TopicError> {
        self.shared()
            .extensions
            .get::<Topics>()
            .topic(name.as_ref())
    }
}
