//! Commands, each of which is sent once.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use fred::interfaces::{ClientLike as _, LuaInterface as _, PubsubInterface as _};
use fred::types::scripts::Script as FredScript;
use fred::types::{CustomCommand, Value};

use super::answer::{Answer, convert};
use super::connection::Redis;
use crate::error::RedisError;
use crate::release::{Release, Version};

/// Script that runs in the server.
pub(crate) struct Script(FredScript);

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        Self(FredScript::from_lua(text))
    }
}

impl Redis {
    /// Publishes a message, and returns the number of its receivers.
    pub(crate) async fn publish(
        &self,
        channel: Arc<str>,
        payload: Bytes,
    ) -> Result<u64, RedisError> {
        self.activity.note();
        let receivers = self.client.spublish(&*channel, payload).await;
        receivers.map_err(|error| self.failed(error))
    }

    /// Subscribes to a channel.
    pub(crate) async fn subscribe(&self, channel: &str) -> Result<(), RedisError> {
        let subscribed = self.client.ssubscribe(channel).await;
        subscribed.map_err(|error| self.failed(error))
    }

    /// Ends a subscription.
    pub(crate) async fn unsubscribe(&self, channel: &str) -> Result<(), RedisError> {
        let unsubscribed = self.client.sunsubscribe(channel).await;
        unsubscribed.map_err(|error| self.failed(error))
    }

    /// Publishes a message on a channel without a slot, and returns the number of its receivers.
    pub(crate) async fn publish_unsharded(
        &self,
        channel: &str,
        payload: Bytes,
    ) -> Result<u64, RedisError> {
        let receivers = self.client.publish(channel, payload).await;
        receivers.map_err(|error| self.failed(error))
    }

    /// Subscribes to a channel without a slot.
    pub(crate) async fn subscribe_unsharded(&self, channel: &str) -> Result<(), RedisError> {
        let subscribed = self.client.subscribe(channel).await;
        subscribed.map_err(|error| self.failed(error))?;
        self.confirm("sub").await
    }

    /// Ends a subscription to a channel without a slot. The server has ended it when this returns.
    pub(crate) async fn unsubscribe_unsharded(&self, channel: &str) -> Result<(), RedisError> {
        let unsubscribed = async {
            self.client.unsubscribe(channel).await?;
            // The client library waits for no answer to UNSUBSCRIBE. The server handles the commands of a
            // connection in their order.
            self.client.ping(None).await
        };
        unsubscribed.await.map_err(|error| self.failed(error))
    }

    /// Subscribes to the channels without a slot whose names match a pattern.
    pub(crate) async fn subscribe_pattern(&self, pattern: &str) -> Result<(), RedisError> {
        let subscribed = self.client.psubscribe(pattern).await;
        subscribed.map_err(|error| self.failed(error))?;
        self.confirm("psub").await
    }

    /// Checks that this connection has a subscription of that kind. The client library waits for no
    /// answer to SUBSCRIBE and PSUBSCRIBE, and tells nobody that one was refused.
    async fn confirm(&self, kind: &str) -> Result<(), RedisError> {
        let command = CustomCommand::new_static("CLIENT", None, false);
        let info: Result<String, _> = self.client.custom(command, vec!["INFO"]).await;
        let info = info.map_err(|error| self.failed(error))?;
        let mut fields = info.split_ascii_whitespace();
        let count = fields.find_map(|field| field.strip_prefix(kind)?.strip_prefix('='));
        match count {
            Some("0") | None => Err(RedisError::Command {
                why: "no subscription: has the user permission for the channels (ACL `&`)?".into(),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Returns the release of the server, and the path of its program. `None` if this user may not
    /// know.
    pub(super) async fn release(&self) -> Option<(Release, PathBuf)> {
        let command = CustomCommand::new_static("INFO", None, false);
        let info: Result<String, _> = self.client.custom(command, vec!["server"]).await;
        let info = info.ok()?;
        let field = |name| {
            let field = |line: &'_ str| -> Option<String> {
                let (key, value) = line.split_once(':')?;
                (key == name).then(|| value.to_owned())
            };
            info.lines().find_map(field)
        };
        // Valkey tells a version of Redis too, for old clients.
        let (is_valkey, version) = match field("valkey_version") {
            Some(version) => (true, version),
            None => (false, field("redis_version")?),
        };
        let version = Version::parse(&version)?;
        let program = field("executable").unwrap_or_default();
        Some((Release { is_valkey, version }, program.into()))
    }

    /// Returns the numbers of subscribers to channels without a slot, in their order. Subscribers by
    /// a pattern do not count.
    pub(crate) async fn subscribers(&self, channels: Vec<String>) -> Result<Vec<u64>, RedisError> {
        // Names and numbers take turns.
        let answer: Result<Vec<Value>, _> = self.client.pubsub_numsub(channels).await;
        let answer = answer.map_err(|error| self.failed(error))?;
        let counts = answer.iter().skip(1).step_by(2);
        Ok(counts.map(|count| count.as_u64().unwrap_or(0)).collect())
    }

    /// Runs a script, whose keys have one slot. A script that the server does not know
    /// is sent to it, and then run: it has not run before that.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[Bytes],
    ) -> Result<Answer, RedisError> {
        self.activity.note();
        let values = || -> Vec<Value> { arguments.iter().cloned().map(Value::Bytes).collect() };
        let known: Result<Value, _> = script
            .0
            .evalsha(&self.client, keys.to_vec(), values())
            .await;
        let answer = match known {
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                let text = script.0.lua().cloned().unwrap_or_default();
                self.client.eval(text, keys.to_vec(), values()).await
            }
            known => known,
        };
        answer.map_err(|error| self.failed(error)).and_then(convert)
    }
}
