use std::sync::atomic::AtomicBool;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::message::{self, Hello, Message, Role};
use super::proof::Transcript;
use super::*;
use crate::AuthKey;

fn key(fill: u8) -> AuthKey {
    AuthKey::from_bytes([fill; 32]).unwrap()
}

async fn shake(
    client: Option<AuthKey>,
    server: Option<AuthKey>,
) -> (Result<(), GreetError>, Result<(), AdmitError>) {
    let (mut near, mut far) = duplex(1024);
    let admission = Admission {
        key: server.as_ref(),
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    tokio::join!(
        greet(&mut near, client.as_ref()),
        admit(&mut far, admission, || Ok(()))
    )
}

#[support::test]
async fn both_sides_agree_on_who_gets_in() {
    assert!(matches!(shake(None, None).await, (Ok(()), Ok(()))));
    assert!(matches!(
        shake(Some(key(1)), Some(key(1))).await,
        (Ok(()), Ok(()))
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
        refused: Some(Refusal::User),
        spoke: &AtomicBool::new(false),
    };
    let (client, _) = tokio::join!(
        greet(&mut near, None),
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
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    let wrong = key(1);
    let admit = admit(&mut far, admission, || -> Result<(), _> {
        unreachable!("asked for a place")
    });
    let (_, server) = tokio::join!(greet(&mut near, Some(&wrong)), admit);
    assert!(server.is_err());
}

#[support::test]
async fn nothing_is_read_beyond_the_handshake() {
    let (mut near, mut far) = duplex(1024);
    let admission = Admission {
        key: None,
        refused: None,
        spoke: &AtomicBool::new(false),
    };
    let server = async {
        admit(&mut far, admission, || Ok(())).await.unwrap();
        far.write_all(b"first frame").await.unwrap();
        far
    };
    let (client, _far) = tokio::join!(greet(&mut near, None), server);
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
    let hellos = [Role::Client, Role::Server].map(|role| Hello::new(role, true).unwrap().encode());
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
    let hello = Hello::new(Role::Client, true).unwrap().encode();
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
