//! Bytes from an untrusted peer of a session, in pieces of any size, neither panic nor block the
//! session, and take no more memory than its limits. Its own requests end, and a good peer of the
//! same system is served. The first byte is the size of a piece; at 128 or more, the peer does not
//! read. In the frames after it, the ids 1 to 4 stand for the requests of the session.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib_core::wire::{Frame, Origin, Outlet, Remote, RequestId};
use conclib_net::{LinkLimits, Session};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Number of the requests of the session.
const OWN: u128 = 4;

/// Time that all of a check takes at most, by a clock that goes ahead while nothing runs.
const PATIENCE: Duration = Duration::from_secs(3600);

#[actor(urn = "desk")]
#[derive(Default)]
struct Desk {
    kept: Vec<ActorRef<Bell>>,
    notes: u64,
}

#[actor]
impl Desk {
    #[message]
    fn echo(&mut self, body: String) -> String {
        body
    }

    #[message]
    fn note(&mut self) {
        self.notes += 1;
    }

    #[message]
    fn count(&mut self, to: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..to)
    }

    #[message]
    fn make_some(
        &mut self,
        count: u8,
        ctx: &mut Context<Self>,
    ) -> impl Stream<Item = ActorRef<Bell>> {
        let system = ctx.system();
        futures_util::stream::iter((0..count % 8).filter_map(move |_| system.spawn(Bell).ok()))
    }

    #[message]
    fn make(&mut self, ctx: &mut Context<Self>) -> Option<ActorRef<Bell>> {
        ctx.system().spawn(Bell).ok()
    }

    /// Keeps an actor of the peer, for a while.
    #[message]
    fn keep(&mut self, bell: ActorRef<Bell>) {
        self.kept.push(bell);
        self.kept.truncate(4);
    }

    #[message(concurrent)]
    fn wait(&self) -> impl Future<Output = ()> + use<> {
        sleep(Duration::from_secs(7))
    }
}

#[actor]
pub struct Bell;

#[actor]
impl Bell {
    #[message]
    fn ring(&mut self) -> u32 {
        1
    }
}

thread_local! {
    static RUNTIME: LazyCell<Runtime> = const { LazyCell::new(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true);
        builder.build().expect("a runtime without sockets")
    }) };
}

pub(crate) fn check(bytes: &[u8]) {
    let Some((&shape, frames)) = bytes.split_first() else {
        return;
    };
    RUNTIME.with(|runtime| runtime.block_on(attack(shape, frames)));
}

async fn attack(shape: u8, frames: &[u8]) {
    let system = System::new("fuzz");
    system.spawn(Desk::default()).expect("the name is free");
    let session = serve(&system);
    let (near, far) = tokio::io::duplex(1024);
    let run = run(&session, near);
    let own = tokio::spawn(ask_all(session.clone(), system.clone()));
    let (mut reader, mut writer) = tokio::io::split(far);
    let ids = read_ids(&mut reader).await;
    let reading = (shape < 128).then(|| {
        tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await })
    });
    let bytes = with_ids(frames, &ids);
    let size = match shape % 128 {
        0 => bytes.len().max(1),
        size => size.into(),
    };
    for piece in bytes.chunks(size) {
        // The session ends, or pauses as the peer does not read.
        let Ok(Ok(())) = timeout(Duration::from_secs(1), writer.write_all(piece)).await else {
            break;
        };
        tokio::task::yield_now().await;
        is_bounded(&session);
    }
    is_served(&system).await;
    is_bounded(&session);
    drop(writer);
    sleep(Duration::from_secs(10)).await;
    is_bounded(&session);
    if let Some(reading) = reading {
        reading.abort();
    }
    session.close();
    timeout(PATIENCE, run)
        .await
        .expect("the session ends")
        .expect("no panic");
    session.close();
    timeout(PATIENCE, own)
        .await
        .expect("its requests end")
        .expect("no panic");
    is_served(&system).await;
    let stats = session.stats();
    assert_eq!((stats.in_flight, stats.serving, stats.unwritten), (0, 0, 0));
    system.shutdown().await;
}

fn limits() -> LinkLimits {
    let mut limits = LinkLimits::default();
    limits.window = 16;
    limits.abandoned = 16;
    limits.streams = 4;
    limits.references = 16;
    limits.waiting = 4096;
    limits.stalled = 64 * 1024;
    limits
}

fn is_bounded(session: &Session) {
    let (stats, limits) = (session.stats(), limits());
    assert!(stats.in_flight <= limits.window, "{stats:?}");
    assert!(
        stats.serving <= limits.window + limits.abandoned,
        "{stats:?}"
    );
    assert!(stats.unwritten <= 2 * limits.stalled, "{stats:?}");
}

fn serve(system: &System) -> Session {
    let session = Session::new(Origin::Peer("fuzz".into()), limits()).expect("random bytes");
    session.serve(&system.inlet(), "");
    session
}

fn run<S>(session: &Session, stream: S) -> JoinHandle<()>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let session = session.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(stream);
        session.run(reader, writer).await;
    })
}

fn desk(session: &Session) -> ActorRef<Desk> {
    let outlet = Arc::new(session.clone()) as Arc<dyn Outlet>;
    ActorRef::remote(Remote::new(outlet, Urn::new("desk")))
}

/// Makes the requests of a session, in their order; the streams are read to their ends.
async fn ask_all(session: Session, system: System) {
    let desk = desk(&session);
    let bell = system.spawn(Bell).expect("a name is made");
    let (echo, keep) = (desk.echo("ada".into()), desk.keep(bell));
    let (count, make_some) = (desk.count(40), desk.make_some(3));
    let (echo, keep, count, made) = tokio::join!(echo, keep, count, make_some);
    drop((echo, keep));
    if let Ok(mut count) = count {
        while let Some(Ok(_)) = count.next().await {}
    }
    if let Ok(mut made) = made {
        while let Some(Ok(bell)) = made.next().await {
            drop(timeout(Duration::from_secs(1), bell.ring()).await);
        }
    }
}

/// Reads the ids of the requests of a session.
async fn read_ids(reader: &mut tokio::io::ReadHalf<DuplexStream>) -> Vec<RequestId> {
    let mut ids = Vec::new();
    while ids.len() < OWN as usize {
        let len = reader.read_u32().await.expect("a frame");
        let mut frame = vec![0; len as usize];
        reader.read_exact(&mut frame).await.expect("a whole frame");
        if let Ok(Frame::Request(envelope)) = Frame::decode(&frame) {
            ids.push(envelope.id);
        }
    }
    ids
}

/// Puts ids of requests in place of their numbers.
fn with_ids(frames: &[u8], ids: &[RequestId]) -> Vec<u8> {
    let mut bytes = frames.to_vec();
    let mut rest = &mut bytes[..];
    while let Some((len, frame)) = rest.split_first_chunk_mut::<4>() {
        let len = u32::from_be_bytes(*len) as usize;
        if len > frame.len() {
            break;
        }
        let (frame, after) = frame.split_at_mut(len);
        let kind = frame.first().copied();
        if let Some(id) = frame
            .get_mut(1..17)
            .filter(|_| !matches!(kind, Some(9 | 11)))
        {
            let number = u128::from_be_bytes(id.try_into().expect("16 bytes"));
            if let 1..=OWN = number {
                id.copy_from_slice(&ids[number as usize - 1].as_u128().to_be_bytes());
            }
        }
        rest = after;
    }
    bytes
}

/// Asks the system over a session of a good peer.
async fn is_served(system: &System) {
    let (near, far) = tokio::io::duplex(1024);
    let (here, there) = (serve(system), serve(&System::new("good")));
    let ends = [run(&here, near), run(&there, far)];
    let answer = timeout(PATIENCE, desk(&there).echo("good".into())).await;
    assert_eq!(answer.expect("no hang").expect("an answer"), "good");
    there.close();
    for end in ends {
        timeout(PATIENCE, end)
            .await
            .expect("the session ends")
            .expect("no panic");
    }
}
