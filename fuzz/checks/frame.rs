//! Bytes from a stranger are a frame that is written the same way, or none.

use conclib_core::__private::rewrite_chain;
use conclib_core::Urn;
use conclib_core::wire::{Frame, MAX_FRAME};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(frame) = Frame::decode(bytes) else {
        return;
    };
    assert!(bytes.len() <= MAX_FRAME);
    let mut out = b"before".to_vec();
    frame
        .encode(&mut out)
        .expect("what was read can be written");
    let written = out.strip_prefix(b"before").expect("what was there stays");
    let (prefix, written) = written.split_first_chunk::<4>().expect("its length");
    assert_eq!(u32::from_be_bytes(*prefix) as usize, written.len());
    assert_eq!(Frame::decode(written), Ok(frame));
    match frame {
        Frame::Request(envelope) => {
            // All but the flags: the bits that mean nothing are not kept.
            assert_eq!(
                (&written[..17], &written[18..]),
                (&bytes[..17], &bytes[18..])
            );
            drop(Urn::new(envelope.to));
            chain(envelope.chain);
            body(envelope.codec, envelope.body);
        }
        Frame::Response(response) => {
            assert_eq!(written, bytes);
            body(response.codec, response.body);
        }
        Frame::Waits { chain: who, .. } => {
            assert_eq!(written, bytes);
            chain(who);
        }
        _ => assert_eq!(written, bytes),
    }
}

/// Reads who waits for the answer to a request.
fn chain(bytes: &[u8]) {
    if let Some(written) = rewrite_chain(bytes) {
        assert!(written.len() <= bytes.len());
        assert_eq!(rewrite_chain(&written), Some(written));
    }
}

/// Reads the body as what a message could be.
fn body(codec: conclib_core::wire::Codec, body: &[u8]) {
    drop(codec.decode::<(u64, String)>(body));
    drop(codec.decode::<Vec<(Urn, Option<i32>)>>(body));
}
