//! Two sessions of a model, with a system and an actor at each end, and their callers.

use std::sync::{Arc, LazyLock, Mutex as Book};
use std::time::Duration;

use conclib::prelude::*;
use conclib_core::__private::Failure;
use conclib_core::wire::{
    Answered, Answerer, Codec, DeliveryClass, Envelope, Exported, ForeignActor, Home, Imported,
    KeepAlive, Lease, Origin, Outlet, RefError, RefScope, Remote, RequestId, Response,
    ResponseKind, Room, SendRefused, StreamSource, Wants, enter,
};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::connection::Pipe;
use crate::session::{LinkLimits, Session};
use crate::sync::model::{block_on, check, join, thread};

/// Runs a model. Its timers never fire.
pub(super) fn run(model: impl Fn() + Clone + Send + Sync + 'static) {
    static TIMERS: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap()
    });
    let _timers = TIMERS.enter();
    check(model);
}

/// Actor that is run by the model.
#[actor]
pub(super) struct Desk;

#[actor]
impl Desk {}

/// Turn of the desk: gets the body of a request.
pub(super) type Handler = dyn Fn(&Session, &[u8], Answerer) + Send + Sync;

/// Outlet of a desk: runs a thread of the model for each request.
struct Turns {
    session: Session,
    handler: Arc<Handler>,
    threads: Arc<Book<Vec<thread::JoinHandle<()>>>>,
}

impl Outlet for Turns {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let (session, handler) = (self.session.clone(), self.handler.clone());
        let body = envelope.body.to_vec();
        let turn = thread::spawn(move || handler(&session, &body, answerer));
        self.threads.lock().unwrap().push(turn);
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        unreachable!("a desk always has room")
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(0)
    }
}

/// End of a connection.
pub(super) struct End {
    pub(super) session: Session,
    threads: Arc<Book<Vec<thread::JoinHandle<()>>>>,
    /// Keeps the desk alive.
    _life: (System, ForeignActor),
}

impl End {
    pub(super) fn new(limits: LinkLimits, handler: Arc<Handler>) -> Self {
        let session = Session::new(Origin::Peer("model".into()), limits).unwrap();
        let threads = Arc::default();
        let system = System::new("model");
        let turns = Turns {
            session: session.clone(),
            handler,
            threads: Arc::clone(&threads),
        };
        let desk = system.foreign::<Desk>().urn("desk");
        let (_, life) = desk.spawn(Arc::new(turns)).unwrap();
        life.started();
        session.serve(&system.inlet(), "");
        Self {
            session,
            threads,
            _life: (system, life),
        }
    }

    /// Drives the session over the connections, one after the other, and then ends it.
    pub(super) fn drive(&self, connections: Vec<[Pipe; 2]>) -> thread::JoinHandle<()> {
        let session = self.session.clone();
        thread::spawn(move || {
            for [reader, writer] in connections {
                let end = [reader.clone(), writer.clone()];
                block_on(session.run(reader, writer));
                end.iter().for_each(Pipe::cut);
            }
            session.end();
        })
    }

    /// Waits for the end of the turns of the desk.
    fn join_turns(&self) {
        loop {
            let Some(turn) = self.threads.lock().unwrap().pop() else {
                return;
            };
            join(turn);
        }
    }

    /// Checks that nothing is left of the requests.
    fn is_clean(&self) {
        self.join_turns();
        assert_eq!(self.session.0.rest(), Rest::default());
    }
}

/// Resources that a session has taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    pending: usize,
    reading: usize,
    slots: [usize; 3],
    is_waited_for: bool,
    serving: usize,
    streaming: usize,
    references: [usize; 3],
    imported: usize,
}

impl crate::session::inner::SessionInner {
    fn rest(&self) -> Rest {
        let state = self.lock();
        let [waited, abandoned] = state.served.taken();
        Rest {
            pending: state.pending.len(),
            reading: state.pending.streams.len(),
            slots: [state.pending.shares.taken(), waited, abandoned],
            is_waited_for: !state.pending.queue.is_empty(),
            serving: state.served.len(),
            streaming: state.served.streams.len(),
            references: state.references.counts(),
            imported: self.imported.load(crate::sync::atomic::Ordering::Relaxed),
        }
    }
}

/// Two ends and the threads that drive them.
pub(super) struct Pair {
    pub(super) ends: [End; 2],
    drivers: [thread::JoinHandle<()>; 2],
    connections: Vec<[Pipe; 2]>,
}

impl Pair {
    /// Connects two ends, as often as a connection is lost, up to `times`. The connections hold less
    /// than a frame.
    pub(super) fn over(ends: [End; 2], times: usize) -> Self {
        Self::with_room(ends, times, 64)
    }

    /// Connects two ends once, by a connection that holds all frames: two ends that close at the
    /// same time do not read, and would wait for their timers.
    pub(super) fn over_a_wide_connection(ends: [End; 2]) -> Self {
        Self::with_room(ends, 1, 4096)
    }

    fn with_room(ends: [End; 2], times: usize, room: usize) -> Self {
        let connections: Vec<_> = (0..times)
            .map(|_| [Pipe::new(room), Pipe::new(room)])
            .collect();
        let turned = connections
            .iter()
            .map(|[one, other]| [other.clone(), one.clone()]);
        let drivers = [
            ends[0].drive(connections.clone()),
            ends[1].drive(turned.collect()),
        ];
        Self {
            ends,
            drivers,
            connections,
        }
    }

    /// Returns a thread that cuts a connection at any moment.
    pub(super) fn cut(&self, connection: usize) -> thread::JoinHandle<()> {
        let pipes = self.connections[connection].clone();
        thread::spawn(move || pipes.iter().for_each(Pipe::cut))
    }

    /// Waits until all is done that both ends have to do, and checks that nothing is left though
    /// the connection is up.
    pub(super) fn settle(&self) {
        // Each request and its refusal come after the frames that were sent before. After the
        // first, the desks have all requests; after the second, their answers have come; the third
        // follows the releases of the references in these.
        for _ in 0..3 {
            let sent = ask(&self.ends[0].session, "nobody", None, |_, _| {});
            let refused = block_on(sent.unwrap().answer);
            assert!(matches!(refused, Ok(Came::Failed)));
            self.ends.iter().for_each(End::join_turns);
        }
        self.ends.iter().for_each(End::is_clean);
    }

    /// Closes one end, waits for the end of all threads, and checks that nothing is left.
    pub(super) fn end(self) {
        self.ends[0].session.close();
        self.drivers.into_iter().for_each(join);
        self.ends.iter().for_each(End::is_clean);
    }
}

/// Answer to a request of a model.
pub(super) enum Came {
    Reply,
    Stream(Box<dyn StreamSource>),
    Failed,
}

/// Request that was sent.
pub(super) struct Sent {
    pub(super) id: RequestId,
    pub(super) answer: oneshot::Receiver<Came>,
}

/// Sends a request to an actor of the other end, as soon as there is room. `None` once the session
/// is closed. `at_reply` runs while the references in the reply can be decoded.
pub(super) fn ask(
    session: &Session,
    to: &str,
    actor: Option<&ActorRef<Desk>>,
    at_reply: impl Fn(&Session, &[u8]) + Send + Sync + Clone + 'static,
) -> Option<Sent> {
    loop {
        let id = session.next_id();
        let (answers, answer) = oneshot::channel();
        let (asking, at_reply) = (session.clone(), at_reply.clone());
        let answerer = Answerer::new(move |answered| {
            let came = match answered {
                Ok(Answered {
                    items: Some(items), ..
                }) => Came::Stream(items),
                Ok(Answered { response, .. }) if response.kind == ResponseKind::Reply => {
                    at_reply(&asking, response.body);
                    Came::Reply
                }
                Ok(_) | Err(_) => Came::Failed,
            };
            drop(answers.send(came));
        });
        let sent = exporting(session, actor, |key| {
            let envelope = Envelope {
                id,
                to,
                message: "ask",
                timeout: Duration::from_secs(60),
                trace: "",
                codec: Codec::Json,
                fingerprint: 0,
                wants: Wants::Reply,
                class: DeliveryClass::AtMostOnce,
                attempt: 1,
                priority: None,
                chain: &[],
                body: key,
            };
            session.send(&envelope, answerer)
        });
        match sent {
            Ok(()) => return Some(Sent { id, answer }),
            Err((SendRefused::Busy, _)) => drop(block_on(session.room(to))),
            Err((SendRefused::Closed, _)) => return None,
            Err((refused, _)) => panic!("{refused:?}"),
        }
    }
}

/// Answers a request by a reply, with a reference if there is an actor.
pub(super) fn reply(session: &Session, actor: Option<&ActorRef<Desk>>, answerer: Answerer) {
    exporting(session, actor, |key| {
        answerer.answer(Ok(Answered::from(response(key))));
    });
}

/// Answers a request by a stream.
pub(super) fn stream(answerer: Answerer, items: impl StreamSource) {
    answerer.answer(Ok(Answered {
        response: Response {
            kind: ResponseKind::Stream,
            ..response(&[])
        },
        items: Some(Box::new(items)),
    }));
}

fn response(body: &[u8]) -> Response<'_> {
    Response {
        id: RequestId::from_u128(0),
        kind: ResponseKind::Reply,
        codec: Codec::Json,
        body,
    }
}

/// Returns a reference to an actor of a third system.
pub(super) fn elsewhere() -> ActorRef<Desk> {
    let node = System::new("third").inlet().node();
    let way: Arc<dyn Outlet> = Arc::new(Elsewhere(Home::new(node, "third")));
    ActorRef::remote(Remote::new(way, Urn::new("third")))
}

struct Elsewhere(Home);

impl Outlet for Elsewhere {
    fn send(&self, _: &Envelope<'_>, to: Answerer) -> Result<(), (SendRefused, Answerer)> {
        Err((SendRefused::Closed, to))
    }

    fn room(&self, _: &str) -> Room {
        unreachable!("no message is sent there")
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(0)
    }

    fn peer(&self) -> Option<Home> {
        Some(self.0.clone())
    }
}

/// Scope that gives a key without a step of the model: threads of a model share the scope of the
/// thread that runs them all.
struct KeyScope(u64);

impl RefScope for KeyScope {
    fn node(&self) -> Option<conclib_core::wire::NodeId> {
        None
    }

    fn export(&self, actor: &Exported) -> Result<Home, RefError> {
        Ok(actor.home().clone().with_key(self.0))
    }

    fn import(&self, urn: &Urn, _: &Home, _: bool) -> Result<Imported, RefError> {
        Err(RefError::NotExported { urn: urn.clone() })
    }

    fn held(&self, _: u64) -> Option<KeepAlive> {
        None
    }
}

/// Sends a body with a reference to the actor: the body is its key.
fn exporting<R>(
    session: &Session,
    actor: Option<&ActorRef<Desk>>,
    send: impl FnOnce(&[u8]) -> R,
) -> R {
    use crate::sync::atomic::Ordering;
    let Some(actor) = actor else {
        return send(&[]);
    };
    let key = session.0.next_key.fetch_add(1, Ordering::Relaxed);
    enter(Some(Arc::new(KeyScope(key))), || {
        serde_json::to_string(actor).unwrap();
        send(&key.to_be_bytes())
    })
}

/// Returns the lease of the reference in a body, which was granted.
pub(super) fn lease(session: &Session, body: &[u8]) -> Option<Lease> {
    let key = u64::from_be_bytes(body.try_into().unwrap());
    session.0.lock().references.lease(key)
}

pub(super) fn failure() -> Failure {
    Failure::NoReply
}
