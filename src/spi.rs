//! For crates that carry messages between processes: the traits of a link and of a broker, and the
//! handles that they work with.
//!
//! A broker delivers requests to a system through an [`Inlet`], and their answers leave through a
//! [`ReplySink`]. Requests to other processes leave through an [`Outlet`], whose actors are
//! [`Remote`]s. A link that also carries references to actors has a [`RefScope`].
//!
//! # A broker
//!
//! A broker over two channels of the standard library, which stand for a connection. Both ends
//! encode their frames, as they would for a socket.
//!
//! ```
//! use std::collections::HashMap;
//! use std::pin::Pin;
//! use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
//! use std::sync::{Arc, Mutex, mpsc};
//! use std::thread;
//! use std::time::{Duration, Instant};
//!
//! use conclib::prelude::*;
//! use conclib::spi::{
//!     Answered, Answerer, Broker, Cancellation, Failure, Inlet, Origin, Outcome, Outlet, Remote,
//!     ReplySink, Room, SendRefused,
//! };
//! use conclib::wire::{Codec, CodecError, Envelope, Frame, MAX_BODY, RequestId};
//!
//! type Bytes = Vec<u8>;
//!
//! fn encode(frame: Frame<'_>) -> Result<Bytes, CodecError> {
//!     let mut bytes = Vec::new();
//!     let encoded = frame.encode(&mut bytes);
//!     // The length before the frame is for sockets.
//!     encoded.map(|()| bytes.split_off(4)).map_err(|_| CodecError::TooLarge { limit: MAX_BODY })
//! }
//!
//! /// Server of one client: the broker of a system, and the sink of its answers.
//! struct Server {
//!     answers: mpsc::Sender<Bytes>,
//!     refusing: AtomicBool,
//!     /// Requests under way; `None` while a request is delivered.
//!     requests: Mutex<HashMap<RequestId, Option<Cancellation>>>,
//! }
//!
//! impl Server {
//!     fn open(system: &System, requests: mpsc::Receiver<Bytes>, answers: mpsc::Sender<Bytes>) -> conclib::Result {
//!         let (refusing, map) = (AtomicBool::new(false), Mutex::default());
//!         let server = Arc::new(Self { answers, refusing, requests: map });
//!         system.attach(server.clone())?;
//!         let inlet = system.inlet();
//!         thread::spawn(move || requests.iter().for_each(|frame| server.read(&inlet, &frame)));
//!         Ok(())
//!     }
//!
//!     fn read(self: &Arc<Self>, inlet: &Inlet, frame: &[u8]) {
//!         match Frame::decode(frame) {
//!             Ok(Frame::Request(envelope)) if self.refusing.load(Ordering::Relaxed) => {
//!                 let failure = Failure::Stopped(Delivery::NotDelivered);
//!                 self.respond(envelope.id, envelope.codec, Outcome::Failure(failure));
//!             }
//!             Ok(Frame::Request(envelope)) => {
//!                 // Entered before the delivery: the answer may come before it returns.
//!                 self.requests.lock().unwrap().insert(envelope.id, None);
//!                 let origin = Origin::Peer("client".into());
//!                 let delivered = inlet.deliver(&envelope, self.clone(), origin);
//!                 if let Some(request) = self.requests.lock().unwrap().get_mut(&envelope.id) {
//!                     *request = delivered;
//!                 }
//!             }
//!             Ok(Frame::Cancel(id)) => {
//!                 let request = self.requests.lock().unwrap().get(&id).cloned();
//!                 request.flatten().iter().for_each(Cancellation::cancel);
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//!
//! impl ReplySink for Server {
//!     fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
//!         self.requests.lock().unwrap().remove(&id);
//!         let (mut response, stream) = outcome.into_response(id, codec);
//!         if stream.is_some() {
//!             let why = "no streams over this broker".into();
//!             let failure = Failure::Unsupported(why, Delivery::MayHaveRun);
//!             response = Outcome::Failure(failure).into_response(id, codec).0;
//!         }
//!         if let Ok(frame) = encode(Frame::Response(response.as_response())) {
//!             let _ = self.answers.send(frame);
//!         }
//!     }
//! }
//!
//! impl Broker for Server {
//!     fn url(&self) -> &str { "channel:" }
//!
//!     fn refuse_new(&self) { self.refusing.store(true, Ordering::Relaxed) }
//!
//!     fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
//!         // The answers before it are in the channel by now.
//!         let _ = encode(Frame::Goodbye).map(|frame| self.answers.send(frame));
//!         Box::pin(async {})
//!     }
//! }
//!
//! /// Client: the way out to the actors of that system.
//! struct Client {
//!     requests: mpsc::Sender<Bytes>,
//!     /// Wakes the reader, for a deadline that is earlier than the others.
//!     wake: mpsc::Sender<Bytes>,
//!     pending: Arc<PendingMap>,
//!     last: AtomicU64,
//! }
//!
//! struct Pending { until: Instant, timeout: Duration, answerer: Answerer }
//!
//! /// Requests that wait for their answers; `None` once the server has closed.
//! type PendingMap = Mutex<Option<HashMap<RequestId, Pending>>>;
//!
//! impl Client {
//!     fn connect(requests: mpsc::Sender<Bytes>, answers: mpsc::Receiver<Bytes>, wake: mpsc::Sender<Bytes>) -> Arc<Self> {
//!         let pending = Arc::new(Mutex::new(Some(HashMap::new())));
//!         let map: Arc<PendingMap> = pending.clone();
//!         thread::spawn(move || loop {
//!             let now = Instant::now();
//!             let (late, next) = match &mut *map.lock().unwrap() {
//!                 None => break,
//!                 Some(map) => {
//!                     let late: Vec<_> = map.extract_if(|_, it| it.until <= now).collect();
//!                     (late, map.values().map(|it| it.until).min())
//!                 }
//!             };
//!             for (_, it) in late {
//!                 it.answerer.answer(Err(Failure::Deadline(it.timeout)));
//!             }
//!             let wait = next.map_or(Duration::MAX, |next| next.saturating_duration_since(now));
//!             let Ok(frame) = answers.recv_timeout(wait) else { continue };
//!             match Frame::decode(&frame) {
//!                 Ok(Frame::Response(response)) => {
//!                     let it = map.lock().unwrap().as_mut().and_then(|map| map.remove(&response.id));
//!                     if let Some(it) = it {
//!                         it.answerer.answer(Ok(Answered::from(response)));
//!                     }
//!                 }
//!                 Ok(Frame::Goodbye) => {
//!                     let lost = map.lock().unwrap().take();
//!                     for it in lost.unwrap_or_default().into_values() {
//!                         it.answerer.answer(Err(Failure::Disconnected(Delivery::MayHaveRun)));
//!                     }
//!                 }
//!                 _ => {}
//!             }
//!         });
//!         Arc::new(Self { requests, wake, pending, last: AtomicU64::new(0) })
//!     }
//! }
//!
//! impl Outlet for Client {
//!     fn send(&self, envelope: &Envelope<'_>, answerer: Answerer) -> Result<(), (SendRefused, Answerer)> {
//!         let frame = match encode(Frame::Request(*envelope)) {
//!             Ok(frame) => frame,
//!             Err(error) => return Err((SendRefused::Codec(error), answerer)),
//!         };
//!         let (id, timeout) = (envelope.id, envelope.timeout);
//!         let until = Instant::now() + timeout;
//!         match &mut *self.pending.lock().unwrap() {
//!             None => return Err((SendRefused::Closed, answerer)),
//!             Some(map) => drop(map.insert(id, Pending { until, timeout, answerer })),
//!         }
//!         let _ = self.wake.send(Vec::new());
//!         let _ = self.requests.send(frame);
//!         Ok(())
//!     }
//!
//!     /// This client is never busy.
//!     fn room(&self, _: &str) -> Room { Box::pin(async { Ok(()) }) }
//!
//!     fn cancel(&self, id: RequestId) {
//!         let pending = self.pending.lock().unwrap().as_mut().and_then(|map| map.remove(&id));
//!         drop(pending);
//!         let _ = encode(Frame::Cancel(id)).map(|frame| self.requests.send(frame));
//!     }
//!
//!     fn next_id(&self) -> RequestId {
//!         RequestId::from_u128(self.last.fetch_add(1, Ordering::Relaxed).into())
//!     }
//! }
//!
//! #[actor(urn = "counter")]
//! struct Counter(u64);
//!
//! #[actor]
//! impl Counter {
//!     #[message]
//!     fn add(&mut self, by: u64) -> u64 { self.0 += by; self.0 }
//! }
//!
//! #[conclib::main]
//! async fn main() -> conclib::Result {
//!     let system = System::new("docs");
//!     system.spawn(Counter(0))?;
//!     let (to_server, requests) = mpsc::channel();
//!     let (to_client, answers) = mpsc::channel();
//!     Server::open(&system, requests, to_client.clone())?;
//!     let client = Client::connect(to_server, answers, to_client);
//!
//!     let counter: ActorRef<Counter> = ActorRef::remote(Remote::new(client.clone(), Urn::new("counter")));
//!     counter.add(2).tell().await?;
//!     assert_eq!(counter.add(3).await?, 5);
//!     let nobody: ActorRef<Counter> = ActorRef::remote(Remote::new(client, Urn::new("nobody")));
//!     assert!(matches!(nobody.add(1).await, Err(AskError::NoSuchActor { .. })));
//!     assert!(matches!(counter.add(1).durable().await, Err(AskError::Unsupported { .. })));
//!
//!     system.shutdown().await;
//!     let error = counter.add(1).await.unwrap_err();
//!     assert!(matches!(error, AskError::Stopped { .. } | AskError::Disconnected { .. }));
//!     Ok(())
//! }
//! ```

#[doc(inline)]
pub use conclib_core::wire::{
    Answered, Answerer, Broker, CancelOnDrop, Cancellation, DEFAULT_TIMEOUT, Failure, ForeignActor,
    ForeignBuilder, Found, History, Inlet, Link, MAX_TIMEOUT, Name, Names, Origin, OutboundStream,
    Outcome, Outlet, Permit, Remote, RemoteReply, ReplySink, Room, SendRefused, StopSignal,
    StreamSource, UnknownFailure,
};
#[doc(inline)]
pub use conclib_core::wire::{
    Control, Exported, Home, Imported, KeepAlive, Lease, MAX_CONTROL_WAITS, MAX_REFERENCES, NodeId,
    RefError, RefScope, enter, exported, reuse_body,
};
