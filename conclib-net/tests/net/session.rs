//! Sessions over other streams than sockets that are dialled: either end asks.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::pair::{DeskEcho, DeskVolley, DeskWait, Pair, desk, memory, run, session};
use conclib::prelude::*;
use conclib::spi::Outlet as _;
use conclib_net::{LinkLimits, Session, SessionEnd};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};

async fn both_ends_ask(pair: Pair) {
    let volley = |session: &Session| Call::new(desk(session), DeskVolley { left: 4 }).into_future();
    let [left, right] = &pair.sessions;
    let (from_left, from_right) = tokio::join!(volley(left), volley(right));
    assert_eq!(from_left.unwrap(), "right left right left right");
    assert_eq!(from_right.unwrap(), "left right left right left");
    for session in &pair.sessions {
        let stats = session.stats();
        assert_eq!((stats.in_flight, stats.serving, stats.late), (0, 0, 0));
    }
    pair.close().await;
}

#[support::test]
async fn both_ends_ask_over_a_pipe_in_memory() {
    both_ends_ask(Pair::over(memory())).await;
}

#[support::test]
async fn both_ends_ask_over_a_socket_pair() {
    both_ends_ask(Pair::over(UnixStream::pair().unwrap().into())).await;
}

#[support::test(start_paused = true)]
async fn both_ends_ask_over_a_pipe_that_chops_and_delays() {
    both_ends_ask(Pair::over(memory().map(Slow::new))).await;
}

/// Bodies that fill all buffers on the way, in both directions at once.
#[support::test]
async fn two_ends_that_fill_each_others_buffers_do_not_wait_for_each_other() {
    let pair = Pair::over(tokio::io::duplex(4096).into());
    let mut asking = JoinSet::new();
    for session in &pair.sessions {
        for _ in 0..64 {
            let call = Call::new(
                desk(session),
                DeskEcho {
                    body: "x".repeat(100_000),
                },
            );
            asking.spawn(call.into_future());
        }
    }
    while let Some(answer) = asking.join_next().await {
        assert_eq!(answer.unwrap().unwrap().len(), 100_000);
    }
    pair.close().await;
}

#[support::test]
async fn an_end_that_serves_nothing_says_so() {
    let sessions = [session("right"), session("left")];
    let [left, right] = memory();
    let tasks = [run(&sessions[0], left), run(&sessions[1], right)];
    for session in &sessions {
        let error = Call::new(desk(session), DeskWait {}).await.unwrap_err();
        assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    }
    sessions[1].close();
    let [left, right] = tasks;
    assert!(matches!(left.await.unwrap(), SessionEnd::Left));
    assert!(matches!(right.await.unwrap(), SessionEnd::Closed));
}

#[support::test]
async fn a_connection_that_is_dropped_ends_the_requests_of_both_ends() {
    let pair = Pair::over(memory());
    let mut asks = JoinSet::new();
    for session in &pair.sessions {
        asks.spawn(Call::new(desk(session), DeskWait {}).into_future());
    }
    for session in &pair.sessions {
        support::until(|| session.stats().serving == 1).await;
    }
    pair.tasks[0].abort();
    while let Some(answer) = asks.join_next().await {
        let answer = answer.unwrap();
        assert!(
            matches!(&answer, Err(AskError::Disconnected { .. })),
            "{answer:?}"
        );
    }
    for session in &pair.sessions {
        support::until(|| session.stats().serving == 0).await;
    }
}

/// The peer closes its reading half alone: answers may still come, for a short time.
#[support::test(start_paused = true)]
async fn deadlines_hold_while_the_peer_reads_no_more() {
    let session = session("left");
    let [(reader, _silent), (writer, reads)] = [(); 2].map(|()| tokio::io::duplex(4096));
    let task = run(&session, tokio::io::join(reader, writer));
    support::until(|| session.stats().connected).await;
    let limit = Duration::from_secs(1);
    let ask = || Call::new(desk(&session), DeskWait {}).timeout(limit);
    let (begun, first) = (Instant::now(), ask().reply().await.unwrap());
    support::until(|| session.stats().unwritten == 0).await;
    drop(reads);
    let second = ask().reply().await.unwrap();
    for ask in [first, second] {
        let error = ask.await.unwrap_err();
        assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    }
    assert!(begun.elapsed() < limit + Duration::from_millis(100));
    assert!(matches!(task.await.unwrap(), SessionEnd::Broken(_)));
}

/// The end that closes has one request in an actor, and the other one on the way.
#[support::test]
async fn an_end_that_closes_says_which_requests_it_has_not_read() {
    let pair = Pair::over(memory());
    let [left, right] = &pair.sessions;
    let had = Call::new(desk(left), DeskWait {}).reply().await.unwrap();
    support::until(|| right.stats().serving == 1).await;
    let body = String::new();
    let mut unread = Call::new(desk(left), DeskEcho { body }).into_future();
    assert!(support::poll_once(&mut unread).is_pending());
    right.close();
    let error = unread.await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered, "{error}");
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    let error = had.await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MayHaveRun, "{error}");
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    pair.close().await;
}

#[support::test]
async fn a_session_goes_on_over_another_connection() {
    let pair = Pair::over(memory());
    let echo = |body: &str| {
        let body = body.to_owned();
        Call::new(desk(&pair.sessions[0]), DeskEcho { body }).into_future()
    };
    assert_eq!(echo("0").await.unwrap(), "0");
    pair.tasks[0].abort();
    for session in &pair.sessions {
        support::until(|| !session.stats().connected).await;
    }
    let waiting = tokio::spawn(echo("1"));
    let [left, right] = memory();
    let [one, other] = [run(&pair.sessions[0], left), run(&pair.sessions[1], right)];
    assert_eq!(waiting.await.unwrap().unwrap(), "1");
    assert_eq!(pair.sessions[0].stats().reconnects, 1);
    pair.sessions[0].close();
    one.await.unwrap();
    other.await.unwrap();
}

/// The answers of both ends fill all buffers on the way, and their callers are gone.
#[support::test]
async fn two_ends_that_gave_up_their_large_requests_go_on() {
    let mut limits = LinkLimits::default();
    limits.waiting = 4096;
    let pair = Pair::limited(tokio::io::duplex(64).into(), limits);
    let body = "x".repeat(200_000);
    let asks = [0, 1].map(|end| {
        let body = body.clone();
        let call = Call::new(desk(&pair.sessions[end]), DeskEcho { body });
        tokio::spawn(call.into_future())
    });
    for session in &pair.sessions {
        support::until(|| session.stats().unwritten > limits.waiting).await;
    }
    for ask in asks {
        ask.abort();
        assert!(ask.await.unwrap_err().is_cancelled());
    }
    for session in &pair.sessions {
        let body = "y".to_owned();
        let answer = Call::new(desk(session), DeskEcho { body }).await;
        assert_eq!(answer.unwrap(), "y");
    }
    pair.close().await;
}

#[support::test]
async fn an_outage_has_the_reason_of_the_end() {
    let pair = Pair::over(memory());
    pair.sessions[1].close();
    support::until(|| pair.sessions[0].outage().is_some()).await;
    support::until(|| !pair.sessions[0].stats().connected).await;
    support::until(|| pair.tasks[0].is_finished()).await;
    let outage = pair.sessions[0].outage().unwrap();
    assert_eq!(&*outage.why, "the peer closed the connection");
}

/// Pipe that hands over seven bytes at a time, after a pause.
struct Slow {
    pipe: DuplexStream,
    pause: Pin<Box<Sleep>>,
}

const PAUSE: Duration = Duration::from_millis(3);

impl Slow {
    fn new(pipe: DuplexStream) -> Self {
        let pause = Box::pin(sleep(PAUSE));
        Self { pipe, pause }
    }
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pause.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let mut bytes = [0; 7];
        let mut few = ReadBuf::new(&mut bytes[..buffer.remaining().min(7)]);
        let read = Pin::new(&mut self.pipe).poll_read(cx, &mut few);
        buffer.put_slice(few.filled());
        if read.is_ready() {
            self.pause = Box::pin(sleep(PAUSE));
        }
        read
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let few = &bytes[..bytes.len().min(5)];
        Pin::new(&mut self.pipe).poll_write(cx, few)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}
