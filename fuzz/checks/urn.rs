//! A name from an untrusted peer is a URN by the grammar, or refused with a
//! short text.

use conclib_core::wire::Codec;
use conclib_core::{Urn, UrnError};

fn is_allowed(byte: u8) -> bool {
    (b'!'..=b'~').contains(&byte) && !b"*?[]{}".contains(&byte)
}

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let fits = (1..=Urn::MAX_LEN).contains(&text.len()) && text.bytes().all(is_allowed);
    let is_reserved = text.starts_with("conclib:");
    match Urn::new(text) {
        Ok(urn) => {
            assert!(fits && !is_reserved, "{text:?}");
            assert_eq!(urn.as_str(), text);
            assert_eq!(urn.to_string().parse(), Ok(urn));
        }
        Err(error) => {
            assert!(!fits || is_reserved, "{text:?}: {error}");
            assert_eq!(matches!(error, UrnError::Reserved { .. }), fits);
            // The error may be logged.
            let shown = error.to_string();
            assert!(shown.len() < 300, "{shown}");
            assert!(!shown.contains(|ch: char| ch.is_control()), "{shown:?}");
        }
    }
    // Reserved names of the library are valid over the wire.
    for codec in [Codec::Bincode, Codec::Json] {
        let mut body = Vec::new();
        if codec.encode(text, &mut body).is_ok() {
            let read = codec.decode::<Urn>(&body);
            assert_eq!(read.is_ok(), fits, "{codec:?}: {read:?}");
        }
    }
}
