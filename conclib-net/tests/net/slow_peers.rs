//! Slow peers, on the paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::time::Duration;

use crate::house::{House, doubles, hello};
use conclib_net::{Client, ConnectError, LinkLimits, LocalBroker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, interval, sleep};

#[support::test(start_paused = true)]
async fn a_client_that_sends_a_byte_a_second_is_cut_off_after_five() {
    let house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let began = Instant::now();
    let mut slow = UnixStream::connect(&house.path).await.unwrap();
    let mut seconds = interval(Duration::from_secs(1));
    for byte in hello(false, [7; 32]) {
        let mut heard = [0];
        tokio::select! {
            read = slow.read(&mut heard) => {
                // Unread bytes make some systems reset the connection.
                assert!(matches!(read, Ok(0) | Err(_)));
                break;
            }
            _ = seconds.tick() => {
                slow.write_all(&[byte]).await.unwrap();
                assert!(doubles(&good, 7).await);
            }
        }
    }
    let took = began.elapsed();
    assert!((5..6).contains(&took.as_secs()), "{took:?}");
    assert_eq!(broker.stats().turned_away, 1);
    assert!(doubles(&house.client().await, 8).await);
}

#[support::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_five_seconds() {
    let house = House::new();
    let _mute = UnixListener::bind(&house.path).unwrap();
    let began = Instant::now();
    let error = Client::connect(&house.address, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[support::test(start_paused = true)]
async fn a_broker_waits_two_seconds_for_a_peer_that_does_not_read() {
    let mut house = House::new();
    let broker = house.open().await;
    let mut deaf = house.raw().await;
    deaf.write_all(&crate::house::bytes(&crate::house::request(
        1, "Ponder", b"{}",
    )))
    .await
    .unwrap();
    // More than the buffers of the system hold while the peer does not read.
    house
        .request()
        .await
        .respond(&"x".repeat(1_000_000))
        .unwrap();
    let began = Instant::now();
    conclib::spi::Broker::close(&broker).await;
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[support::test(start_paused = true)]
async fn half_a_frame_is_waited_for_for_a_minute() {
    let house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let frame = crate::house::bytes(&crate::house::request(1, "double", br#"{"n":21}"#));
    let (half, rest) = frame.split_at(frame.len() / 2);
    let mut slow = house.raw().await;
    // In time, again and again.
    for _ in 0..3 {
        slow.write_all(half).await.unwrap();
        sleep(Duration::from_secs(50)).await;
        slow.write_all(rest).await.unwrap();
        let answer = crate::house::read_frame(&mut slow).await.unwrap();
        assert!(answer.ends_with(b"42"), "{answer:?}");
    }
    let began = Instant::now();
    slow.write_all(half).await.unwrap();
    let mut end = slow;
    let mut seconds = interval(Duration::from_secs(1));
    let mut heard = [0; 64];
    let told = loop {
        tokio::select! {
            read = end.read(&mut heard) => break read.unwrap(),
            _ = seconds.tick() => {
                assert!(doubles(&good, 7).await);
                assert!(began.elapsed() < Duration::from_secs(90), "it is waited for");
            }
        }
    };
    // A goodbye, and the end.
    assert_eq!(heard[..told], [0, 0, 0, 1, 4]);
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(broker.stats().thrown_out, 1);
}

#[support::test(start_paused = true)]
async fn half_a_frame_is_waited_for_as_long_as_the_limits_of_the_server_say() {
    let house = House::new();
    let mut limits = LinkLimits::default();
    limits.frame_time = Duration::from_secs(3);
    let inlet = house.system.inlet();
    let broker = LocalBroker::open_with_limits(&house.address, None, inlet, limits);
    let broker = broker.await.unwrap();
    // Limits of its own, which are the default ones.
    let good = house.client().await;
    let mut halves = [house.raw().await, house.raw().await];
    let frame = crate::house::bytes(&crate::house::request(1, "double", br#"{"n":21}"#));
    let large = u32::try_from(limits.frame - 1).unwrap().to_be_bytes();
    let began = Instant::now();
    for (peer, part) in halves.iter_mut().zip([&frame[..9], &large]) {
        peer.write_all(part).await.unwrap();
    }
    for mut peer in halves {
        assert_eq!(crate::house::read_to_end(&mut peer).await, [0, 0, 0, 1, 4]);
        assert_eq!(began.elapsed().as_secs(), 3);
    }
    assert_eq!(broker.stats().thrown_out, 2);
    assert!(doubles(&good, 7).await);
}
