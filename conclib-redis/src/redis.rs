//! Connection to a Redis server: the one file that knows the client library.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::interfaces::{ClientLike, EventInterface, LuaInterface, PubsubInterface};
use fred::prelude::{Builder, Client, Error, ErrorKind, ReconnectPolicy};
use fred::rustls::pki_types::pem::PemObject as _;
use fred::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use fred::rustls::{ClientConfig, RootCertStore};
use fred::types::config::{
    ClusterDiscoveryPolicy, Config, ReconnectError, Server as Node, ServerConfig, TcpConfig,
    TlsConnector,
};
use fred::types::scripts::Script as FredScript;
use fred::types::{ConnectHandle, CustomCommand, Message, RespVersion, Value};
use futures_util::future::join;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::activity::Activity;
use crate::error::RedisError;
use crate::url::{RedisUrl, Server, Tls};

/// Time after which a command has failed: its outcome is not known then.
const COMMAND: Duration = Duration::from_secs(5);

/// Time without a sign of the peer after which the system ends a connection.
const UNRESPONSIVE: Duration = Duration::from_secs(10);

/// Time for the first connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Time for the last commands.
const CLOSE: Duration = Duration::from_secs(2);

/// Commands that may wait for a connection; more fail at once.
const WAITING: usize = 10_000;

/// Pause before the first and the last try to connect again, in milliseconds.
const PAUSES: (u32, u32) = (50, 500);

/// Connection to a server or a cluster. Connects again by itself.
///
/// A command is sent once: one whose connection is lost fails, and may have had
/// its effect.
pub(crate) struct Redis {
    client: Client,
    /// Task of the connection, which ends with this.
    task: ConnectHandle,
    pub(crate) activity: Activity,
    /// Set while a server that has not answered in time is asked for a sign of life.
    is_doubted: Arc<AtomicBool>,
}

/// Event of a connection, in order.
#[derive(Debug)]
pub(crate) enum Event {
    /// Message on a channel.
    Message { channel: Channel, payload: Bytes },
    /// Messages were lost, as they were not read in time.
    Lost,
    /// The connection was lost, or a try to connect again failed.
    Down(Box<str>),
    /// The connection was made again. Subscriptions are gone.
    Up,
}

/// Name of a channel.
pub(crate) type Channel = Str;

/// Events of a connection.
pub(crate) struct Events {
    messages: Receiver<Message>,
    errors: Receiver<(Error, Option<Node>)>,
    connects: Receiver<Node>,
}

/// Answer of the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Nothing,
    Integer(i64),
    Bytes(Bytes),
    List(VecDeque<Answer>),
}

/// Elements of an answer, taken one after the other.
pub(crate) struct Fields(VecDeque<Answer>);

impl Answer {
    pub(crate) fn into_list(self) -> Result<Fields, RedisError> {
        match self {
            Self::List(list) => Ok(Fields(list)),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn into_number(self) -> Result<u64, RedisError> {
        match &self {
            Self::Integer(number) => u64::try_from(*number).map_err(|_| unexpected(&self)),
            Self::Bytes(text) => {
                let number = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse().ok());
                number.ok_or_else(|| unexpected(&self))
            }
            _ => Err(unexpected(&self)),
        }
    }
}

impl<const N: usize> From<[Answer; N]> for Fields {
    fn from(answers: [Answer; N]) -> Self {
        Self(answers.into())
    }
}

impl Fields {
    pub(crate) fn next(&mut self) -> Option<Answer> {
        self.0.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn list(&mut self) -> Result<Self, RedisError> {
        self.next().unwrap_or(Answer::Nothing).into_list()
    }

    pub(crate) fn number(&mut self) -> Result<u64, RedisError> {
        self.next().unwrap_or(Answer::Nothing).into_number()
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, RedisError> {
        match self.next() {
            Some(Answer::Bytes(bytes)) => Ok(bytes),
            other => Err(unexpected(&other.unwrap_or(Answer::Nothing))),
        }
    }

    pub(crate) fn text(&mut self) -> Result<Box<str>, RedisError> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(&bytes);
        text.map(Into::into)
            .map_err(|_| unexpected(&Answer::Bytes(bytes.clone())))
    }
}

fn unexpected(answer: &Answer) -> RedisError {
    let kind = match answer {
        Answer::Nothing => "nothing",
        Answer::Integer(_) => "a number",
        Answer::Bytes(_) => "a text",
        Answer::List(_) => "a list",
    };
    RedisError::Command {
        why: format!("{kind} where the answer has something else").into(),
    }
}

/// Script that runs in the server.
pub(crate) struct Script(FredScript);

impl Redis {
    /// Connects to a server. Up to `messages` may wait for their reader; with more, the oldest are
    /// lost, which is an [event](Event::Lost). The room for them is taken at once, some 700 bytes
    /// each.
    pub(crate) async fn connect(
        url: &RedisUrl,
        messages: usize,
    ) -> Result<(Self, Events), RedisError> {
        let config = Config {
            username: url.user.clone(),
            password: url.password.clone(),
            server: server(&url.server),
            version: RespVersion::RESP3,
            database: (url.database != 0).then_some(url.database),
            tls: match &url.tls {
                Some(tls) => Some(connector(tls)?.into()),
                None => None,
            },
            ..Config::default()
        };
        let (first, last) = PAUSES;
        let client = Builder::from_config(config)
            .with_connection_config(|connection| {
                connection.connection_timeout = CONNECT;
                connection.internal_command_timeout = COMMAND;
                connection.max_command_attempts = 1;
                connection.max_command_buffer_len = WAITING;
                connection.reconnect_errors = vec![
                    ReconnectError::ClusterDown,
                    ReconnectError::Loading,
                    ReconnectError::MasterDown,
                    ReconnectError::ReadOnly,
                ];
                connection.tcp = TcpConfig {
                    nodelay: Some(true),
                    user_timeout: Some(UNRESPONSIVE),
                    ..TcpConfig::default()
                };
            })
            .with_performance_config(|performance| {
                performance.default_command_timeout = COMMAND;
                performance.broadcast_channel_capacity = messages;
            })
            .set_policy(ReconnectPolicy::new_exponential(0, first, last, 2))
            .build();
        let failed = |error: Error| RedisError::Connect {
            url: url.to_string().into(),
            why: reason(&error),
        };
        let client = client.map_err(failed)?;
        // The wait begins before the task, whose first result could be missed else.
        let mut task = None;
        let connecting = join(client.wait_for_connect(), async {
            task = Some(client.connect());
        });
        let connecting = tokio::time::timeout(CONNECT, connecting).await;
        let (connected, ()) = connecting.unwrap_or_else(|_| {
            let why = format!("no answer within {CONNECT:?}");
            (Err(Error::new(ErrorKind::Timeout, why)), ())
        });
        let task = task.unwrap_or_else(|| client.connect());
        let redis = Self {
            client,
            task,
            activity: Activity::default(),
            is_doubted: Arc::default(),
        };
        connected.map_err(failed)?;
        let client = &redis.client;
        let events = Events {
            messages: client.message_rx(),
            errors: client.error_rx(),
            connects: client.reconnect_rx(),
        };
        Ok((redis, events))
    }

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

    /// Notes that a command has failed. If the server has not answered in time, it is asked for a
    /// sign of life; a connection without one is made again.
    fn failed(&self, error: Error) -> RedisError {
        if *error.kind() == ErrorKind::Timeout && !self.is_doubted.swap(true, Ordering::Relaxed) {
            let (client, is_doubted) = (self.client.clone(), self.is_doubted.clone());
            tokio::spawn(async move {
                let alive: Result<(), Error> = client.ping(None).await;
                if alive.is_err_and(|error| *error.kind() == ErrorKind::Timeout) {
                    // The connection is made also if nobody waits for it.
                    let _ = tokio::time::timeout(COMMAND, client.force_reconnection()).await;
                }
                is_doubted.store(false, Ordering::Relaxed);
            });
        }
        command_failed(error)
    }

    /// Ends the connection, and begins to make another one.
    pub(crate) async fn connect_again(&self) {
        // The connection is made also if nobody waits for it.
        let _ = tokio::time::timeout(COMMAND, self.client.force_reconnection()).await;
    }

    /// Ends the connection.
    pub(crate) async fn close(&self) {
        // A server that does not answer is left without a word.
        let _ = tokio::time::timeout(CLOSE, self.client.quit()).await;
        self.task.abort();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        Self(FredScript::from_lua(text))
    }
}

impl Events {
    /// Waits for the next event. `None` once the connection has ended.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            // Messages come before the loss of their connection.
            if let Some(event) = self.try_message() {
                return Some(event);
            }
            return Some(tokio::select! {
                biased;
                message = self.messages.recv() => match message {
                    Ok(message) => match event(message) {
                        Some(event) => event,
                        None => continue,
                    },
                    Err(RecvError::Lagged(_)) => Event::Lost,
                    Err(RecvError::Closed) => return None,
                },
                error = self.errors.recv() => match error {
                    Ok((error, _)) => Event::Down(reason(&error)),
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return None,
                },
                connect = self.connects.recv() => match connect {
                    Ok(_) | Err(RecvError::Lagged(_)) => Event::Up,
                    Err(RecvError::Closed) => return None,
                },
            });
        }
    }

    /// Returns the next message, or the loss of messages, if it has come already.
    pub(crate) fn try_message(&mut self) -> Option<Event> {
        loop {
            match self.messages.try_recv() {
                Ok(message) => match event(message) {
                    Some(event) => return Some(event),
                    None => continue,
                },
                Err(TryRecvError::Lagged(_)) => return Some(Event::Lost),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}

/// Returns the event of a message; `None` if it carries no bytes.
fn event(Message { channel, value, .. }: Message) -> Option<Event> {
    let payload = match value {
        Value::Bytes(payload) => payload,
        Value::String(text) => text.into_inner(),
        _ => return None,
    };
    Some(Event::Message { channel, payload })
}

fn server(server: &Server) -> ServerConfig {
    let nodes = |hosts: &[(String, u16)]| {
        let hosts = hosts.iter();
        hosts
            .map(|(host, port)| Node::new(host.as_str(), *port))
            .collect()
    };
    match server {
        Server::One { host, port } => ServerConfig::Centralized {
            server: Node::new(host.as_str(), *port),
        },
        Server::Unix(path) => ServerConfig::Unix { path: path.clone() },
        Server::Cluster(hosts) => ServerConfig::Clustered {
            hosts: nodes(hosts),
            policy: ClusterDiscoveryPolicy::default(),
        },
        Server::Sentinel { hosts, service } => ServerConfig::Sentinel {
            hosts: nodes(hosts),
            service_name: service.clone(),
        },
    }
}

/// Makes the connector of a TLS connection: by the given CA, else by those of the
/// operating system.
fn connector(tls: &Tls) -> Result<TlsConnector, RedisError> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| unusable(path, &error))?;
            }
        }
        None => {
            let found = fred::rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    let provider = Arc::new(fred::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RedisError::Tls {
            why: error.to_string().into(),
        })?
        .with_root_certificates(roots);
    let config = match &tls.certificate {
        None => config.with_no_client_auth(),
        Some((path, key)) => {
            let chain = certificates(path)?;
            let secret =
                PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            config
                .with_client_auth_cert(chain, secret)
                .map_err(|error| unusable(path, &error))?
        }
    };
    Ok(TlsConnector::from(config))
}

/// Reads the certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, RedisError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|error| unusable(path, &error))?;
    match found.is_empty() {
        true => Err(unusable(path, &"no certificate in it")),
        false => Ok(found),
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> RedisError {
    let why = format!("{}: {why}", path.display());
    RedisError::Tls { why: why.into() }
}

fn reason(error: &Error) -> Box<str> {
    match error.details() {
        "" => error.kind().to_str().into(),
        details => details.into(),
    }
}

fn command_failed(error: Error) -> RedisError {
    RedisError::Command {
        why: reason(&error),
    }
}

fn convert(value: Value) -> Result<Answer, RedisError> {
    Ok(match value {
        Value::Null => Answer::Nothing,
        Value::Integer(number) => Answer::Integer(number),
        Value::Boolean(is) => Answer::Integer(is.into()),
        Value::String(text) => Answer::Bytes(text.into_inner()),
        Value::Bytes(bytes) => Answer::Bytes(bytes),
        Value::Array(list) => {
            Answer::List(list.into_iter().map(convert).collect::<Result<_, _>>()?)
        }
        other => {
            let why = format!("an answer of the kind {:?}", other.kind());
            return Err(RedisError::Command { why: why.into() });
        }
    })
}
