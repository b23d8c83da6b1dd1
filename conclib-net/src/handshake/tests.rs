use std::sync::atomic::AtomicBool;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::message::{self, Hello, Message, Role};
use super::proof::Transcript;
use super::*;
use crate::AuthKey;
use crate::record::{RecordKeys, RecordWriter};

fn key(fill: u8) -> AuthKey {
    AuthKey::from_bytes([fill; 32]).unwrap()
}

type Shaken = (
    Result<Option<RecordKeys>, GreetError>,
    Result<((), Option<RecordKeys>), AdmitError>,
);

async fn shake(client: Option<AuthKey>, server: Option<AuthKey>) -> Shaken {
    shake_signed([client, server], [false, false]).await
}

async fn shake_signed([client, server]: [Option<AuthKey>; 2], signs: [bool; 2]) -> Shaken {
    let (mut near, mut far) = duplex(1024);
    let admission = Admission {
        key: server.as_ref(),
        signs: signs[1],
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    tokio::join!(
        greet(&mut near, client.as_ref(), signs[0]),
        admit(&mut far, admission, || Ok(()))
    )
}

#[support::test]
async fn all_is_signed_if_either_side_wants_it_and_there_is_a_key() {
    for signs in [[false, false], [true, false], [false, true], [true, true]] {
        let keyed = shake_signed([Some(key(1)), Some(key(1))], signs).await;
        let (Ok(near), Ok(((), far))) = keyed else {
            panic!("{keyed:?}");
        };
        assert_eq!(
            [near.is_some(), far.is_some()],
            [signs != [false, false]; 2]
        );
        let unkeyed = shake_signed([None, None], signs).await;
        assert!(matches!(unkeyed, (Ok(None), Ok(((), None)))));
    }
}

#[support::test]
async fn a_relay_that_removes_the_wish_for_signatures_is_found_out() {
    let [server_key, client_key] = [key(1), key(1)];
    // Place of the flags in a hello, after its length.
    let flags = 2 + 1 + 7 + 2;
    for wishes in [[true, false], [false, true]] {
        let [(mut near, mut near_relay), (mut far_relay, mut far)] = [duplex(1024), duplex(1024)];
        let relay = async {
            for upward in [true, false, true, false] {
                let (from, to) = match upward {
                    true => (&mut near_relay, &mut far_relay),
                    false => (&mut far_relay, &mut near_relay),
                };
                let mut bytes = vec![0; 1024];
                let read = from.read(&mut bytes).await.unwrap();
                if read > flags && bytes[2] <= 2 {
                    bytes[flags] &= 1;
                }
                if to.write_all(&bytes[..read]).await.is_err() || read == 0 {
                    break;
                }
            }
            drop((near_relay, far_relay));
        };
        let admission = Admission {
            key: Some(&server_key),
            signs: wishes[1],
            refused: None,
            spoke: &AtomicBool::new(false),
        };
        let client = async {
            let greeted = greet(&mut near, Some(&client_key), wishes[0]).await;
            drop(near);
            greeted
        };
        let (client, server, ()) =
            tokio::join!(client, admit(&mut far, admission, || Ok(())), relay);
        assert!(client.is_err() && server.is_err(), "{client:?} {server:?}");
    }
}

#[support::test]
async fn a_key_is_changed_end_by_end() {
    let (old, new) = (key(1), key(2));
    let steps = [
        old.clone(),
        old.clone().accepting(&new),
        new.clone().accepting(&old),
        new,
    ];
    for pair in steps.windows(2) {
        for [client, server] in [[0, 0], [0, 1], [1, 0], [1, 1]] {
            let keys = [client, server].map(|end| Some(pair[end].clone()));
            let shaken = shake_signed(keys, [true, true]).await;
            assert!(
                matches!(shaken, (Ok(Some(_)), Ok(((), Some(_))))),
                "{shaken:?}"
            );
        }
    }
    let shaken = shake(Some(key(3)), Some(steps[1].clone())).await;
    assert!(
        matches!(shaken.1, Err(AdmitError::Refused(Refusal::WrongKey))),
        "{shaken:?}"
    );
}

#[support::test]
async fn both_sides_agree_on_who_gets_in() {
    assert!(matches!(
        shake(None, None).await,
        (Ok(None), Ok(((), None)))
    ));
    assert!(matches!(
        shake(Some(key(1)), Some(key(1))).await,
        (Ok(None), Ok(((), None)))
    ));
    for (client, server, refusal) in [
        (Some(key(1)), Some(key(2)), Refusal::WrongKey),
        (None, Some(key(2)), Refusal::KeyNeeded),
        (Some(key(1)), None, Refusal::KeyUnexpected),
    ] {
        let (client, server) = shake(client, server).await;
        assert!(matches!(client, Err(GreetError::Refused(told)) if told == refusal));
        assert!(matches!(server, Err(AdmitError::Refused(told)) if told == refusal));
    }
}

#[support::test]
async fn whoever_is_refused_beforehand_hears_it_after_the_hello() {
    let (mut near, mut far) = duplex(1024);
    let admission = Admission {
        key: None,
        signs: false,
        refused: Some(Refusal::User),
        spoke: &AtomicBool::new(false),
    };
    let (client, _) = tokio::join!(
        greet(&mut near, None, false),
        admit(&mut far, admission, || Ok(()))
    );
    assert!(matches!(client, Err(GreetError::Refused(Refusal::User))));
}

#[support::test]
async fn there_is_no_place_for_whoever_does_not_prove_the_key() {
    let (mut near, mut far) = duplex(1024);
    let right = key(2);
    let admission = Admission {
        key: Some(&right),
        signs: false,
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    let wrong = key(1);
    let admit = admit(&mut far, admission, || -> Result<(), _> {
        unreachable!("asked for a place")
    });
    let (_, server) = tokio::join!(greet(&mut near, Some(&wrong), false), admit);
    assert!(server.is_err());
}

#[support::test]
async fn nothing_is_read_beyond_the_handshake() {
    let (mut near, mut far) = duplex(1024);
    let admission = Admission {
        key: None,
        signs: false,
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    let server = async {
        admit(&mut far, admission, || Ok(())).await.unwrap();
        far.write_all(b"first frame").await.unwrap();
        far
    };
    let (client, _far) = tokio::join!(greet(&mut near, None, false), server);
    client.unwrap();
    let mut frame = [0; 11];
    near.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"first frame");
}

#[support::test]
async fn what_is_longer_than_a_message_is_not_listened_to() {
    let (mut near, mut far) = duplex(1024);
    near.write_all(&513_u16.to_be_bytes()).await.unwrap();
    assert!(message::read(&mut far).await.unwrap().is_none());
}

#[test]
fn a_proof_is_good_for_one_role_one_key_and_one_pair_of_hellos() {
    let hellos =
        [Role::Client, Role::Server].map(|role| Hello::new(role, true, true).unwrap().encode());
    let [client, server] = &hellos;
    let transcript = Transcript { client, server };
    let proof = transcript.prove(&key(1), Role::Client);
    assert!(transcript.verify(&key(1), Role::Client, &proof));
    assert!(!transcript.verify(&key(2), Role::Client, &proof));
    assert!(!transcript.verify(&key(1), Role::Server, &proof));
    assert!(!transcript.verify(&key(1), Role::Client, &proof[1..]));
    assert!(!transcript.verify(&key(1), Role::Client, &[]));
    let swapped = Transcript {
        client: server,
        server: client,
    };
    assert!(!swapped.verify(&key(1), Role::Client, &proof));
    // Moves a byte from one hello to the other.
    let (head, tail) = client.split_at(client.len() - 1);
    let shifted = [tail, server].concat();
    let moved = Transcript {
        client: head,
        server: &shifted,
    };
    assert!(!moved.verify(&key(1), Role::Client, &proof));
    for at in 0..client.len() {
        let mut changed = client.clone();
        changed[at] ^= 1;
        let changed = Transcript {
            client: &changed,
            server,
        };
        assert!(
            !changed.verify(&key(1), Role::Client, &proof),
            "byte {at} is not bound"
        );
    }
}

#[test]
fn no_bytes_make_the_decoder_panic() {
    let hello = Hello::new(Role::Client, true, true).unwrap().encode();
    for kind in 0..=u8::MAX {
        for len in 0..hello.len() {
            let mut bytes = hello[..len].to_vec();
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            if let Some(Message::Hello(hello)) = Message::decode(&bytes) {
                assert!(hello.codecs.len() <= 2 && matches!(kind, 1 | 2));
            }
        }
    }
}

#[support::test]
async fn proofs_and_records_are_those_that_were_recorded() {
    let hello = |role, fill| Hello {
        role,
        version: VERSION,
        keyed: true,
        signed: true,
        nonce: [fill; 32],
        codecs: &message::CODECS,
    };
    let [client, server] =
        [(Role::Client, 1), (Role::Server, 2)].map(|(role, fill)| hello(role, fill).encode());
    let transcript = Transcript {
        client: &client,
        server: &server,
    };
    let mut lines = String::new();
    let mut line = |name: &str, bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{name} {hex}\n"));
    };
    line("authkey", &[3; 32]);
    line("client_hello", &client);
    line("server_hello", &server);
    for (name, role) in [("client", Role::Client), ("server", Role::Server)] {
        line(&format!("{name}_proof"), &transcript.prove(&key(3), role));
        let keys = transcript.record_keys(&key(3), role);
        let mut writer = RecordWriter::new(Vec::new(), keys.outgoing);
        for payload in [&b"first"[..], b"second"] {
            writer.write_all(payload).await.unwrap();
        }
        line(&format!("{name}_records"), &writer.into_inner());
    }
    let recorded = include_str!("../../../tests/wire-compat/records.hex");
    assert!(lines == recorded, "records.hex would be:\n{lines}");
}
