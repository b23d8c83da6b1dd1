use std::io::{self, ErrorKind};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

fn key() -> RecordKey {
    RecordKey::new(&[7; 32])
}

/// Records of payloads, as one end sends them.
fn records(payloads: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut key = key();
    let seal = |payload: &&[u8]| {
        let mut record = Vec::new();
        key.seal(payload, &mut record);
        record
    };
    payloads.iter().map(seal).collect()
}

/// Reads all that bytes carry, until their end or an error.
async fn read(bytes: &[u8]) -> (Vec<u8>, io::Result<()>) {
    let mut reader = RecordReader::new(bytes, key());
    let mut payload = Vec::new();
    let read = reader.read_to_end(&mut payload).await;
    (payload, read.map(drop))
}

fn kind(read: io::Result<()>) -> Option<ErrorKind> {
    read.err().map(|error| error.kind())
}

#[support::test]
async fn all_bytes_arrive_in_order_through_any_pieces() {
    let sent: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    for pipe in [1, 7, 1000, 1 << 20] {
        let (near, far) = duplex(pipe);
        let (reader, writer) = (
            RecordReader::new(far, key()),
            RecordWriter::new(near, key()),
        );
        let (mut reader, mut writer) = (reader, writer);
        let sent = match pipe {
            1 => &sent[..70_000],
            _ => &sent[..],
        };
        let write = async {
            for piece in sent.chunks(100_000) {
                writer.write_all(piece).await.unwrap();
                writer.write_all(&[]).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        };
        let mut got = Vec::new();
        let (read, ()) = tokio::join!(reader.read_to_end(&mut got), write);
        read.unwrap();
        assert!(got == sent, "through a pipe of {pipe}");
    }
}

#[support::test]
async fn a_changed_byte_ends_it_before_the_payload_is_passed_on() {
    let records = records(&[b"first", b"second"]);
    for at in 0..records[1].len() {
        for bit in 0..8 {
            let mut changed = records.concat();
            changed[records[0].len() + at] ^= 1 << bit;
            let (payload, end) = read(&changed).await;
            assert_eq!(payload, b"first", "byte {at}");
            // A greater length is one of a record whose rest is missing.
            let kinds = [ErrorKind::InvalidData, ErrorKind::UnexpectedEof];
            assert!(
                kind(end).is_some_and(|kind| kinds.contains(&kind)),
                "byte {at}"
            );
        }
    }
}

#[support::test]
async fn a_record_that_is_dropped_repeated_moved_or_added_ends_it() {
    let [a, b, c] = [&b"a"[..], b"b", b"c"];
    let [one, two, three] = &records(&[a, b, c])[..] else {
        panic!("three records");
    };
    let mut other = RecordKey::new(&[8; 32]);
    let mut foreign = Vec::new();
    other.seal(b"b", &mut foreign);
    let cases: [(&[&[u8]], &[u8]); 6] = [
        (&[two, three], b""),
        (&[one, three], b"a"),
        (&[one, one], b"a"),
        (&[one, three, two], b"a"),
        (&[one, &foreign], b"a"),
        (&[one, &[0, 0], two], b"a"),
    ];
    for (bytes, arrives) in cases {
        let (payload, end) = read(&bytes.concat()).await;
        assert_eq!(
            (&payload[..], kind(end)),
            (arrives, Some(ErrorKind::InvalidData))
        );
    }
    assert_eq!(read(&[&one[..], two, three].concat()).await.0, b"abc");
}

#[support::test]
async fn an_end_between_records_is_an_end_and_one_within_is_an_error() {
    let records = records(&[b"first", b"second"]).concat();
    for len in 0..records.len() {
        let (_, end) = read(&records[..len]).await;
        let first = 2 + 5 + 16;
        match len == 0 || len == first {
            true => assert!(end.is_ok()),
            false => assert_eq!(kind(end), Some(ErrorKind::UnexpectedEof), "{len}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_rest_does_not_come_ends_it_and_an_idle_peer_does_not() {
    let record = &records(&[b"first"])[0];
    let (mut near, far) = duplex(1024);
    let mut reader = RecordReader::new(far, key());
    let mut byte = [0; 5];
    let idle = tokio::time::timeout(Duration::from_secs(3600), reader.read(&mut byte)).await;
    assert!(idle.is_err());
    near.write_all(&record[..9]).await.unwrap();
    let error = reader.read(&mut byte).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[support::test]
async fn a_length_that_is_announced_is_not_allocated() {
    let (mut near, far) = duplex(1024);
    let mut reader = RecordReader::new(far, key());
    near.write_all(&[0xff; 100]).await.unwrap();
    drop(near);
    assert!(reader.read_u8().await.is_err());
    assert!(reader.capacity() <= 16 * 1024);
}

proptest! {
    /// Random changes of a recorded traffic: what arrives is always a prefix of
    /// what was sent, and of whole records.
    #[test]
    fn no_change_makes_other_bytes_arrive(
        edits in proptest::collection::vec((0_usize..400, 0_usize..4, any::<u8>()), 1..6),
    ) {
        let payloads: Vec<Vec<u8>> = (1..=9_u8).map(|n| vec![n; usize::from(n) * 5]).collect();
        let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        let sent = payloads.concat();
        let mut bytes = records(&payloads).concat();
        let original = bytes.clone();
        for (at, what, byte) in edits {
            let at = at % bytes.len();
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (payload, end) = runtime.block_on(read(&bytes));
        prop_assert!(sent.starts_with(&payload));
        if bytes != original && end.is_ok() {
            // Only a cut between two records looks like an end.
            prop_assert!(original.starts_with(&bytes));
        }
    }
}
