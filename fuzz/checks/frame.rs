//! Bytes from an untrusted peer are a frame that encodes to the same bytes, or
//! are refused.

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
            // All bytes but the flags, as meaningless bits are not kept.
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

/// Decodes the actors that wait for the answer to a request.
fn chain(bytes: &[u8]) {
    if let Some(written) = rewrite_chain(bytes) {
        assert!(written.len() <= bytes.len());
        assert_eq!(rewrite_chain(&written), Some(written));
    }
}

/// Decodes the body as several types of messages.
fn body(codec: conclib_core::wire::Codec, body: &[u8]) {
    drop(codec.decode::<(u64, String)>(body));
    drop(codec.decode::<Vec<(Urn, Option<i32>)>>(body));
}
