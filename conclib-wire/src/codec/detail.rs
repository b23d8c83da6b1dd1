//! Errors with the text of a codec.

use std::fmt::{self, Write as _};

use super::{Codec, CodecError};

/// Maximum number of bytes that are kept of a codec's own error text: the text may quote the body,
/// and travels back to its sender.
const DETAIL: usize = 200;

impl CodecError {
    pub(super) fn malformed(codec: Codec, detail: &dyn fmt::Display) -> Self {
        Self::Malformed {
            codec,
            detail: bounded(detail),
        }
    }

    pub(super) fn unencodable(codec: Codec, detail: &dyn fmt::Display) -> Self {
        Self::Unencodable {
            codec,
            detail: bounded(detail),
        }
    }
}

/// Cuts a text in the middle: its end is where `serde_json` gives the line and column.
fn bounded(detail: &dyn fmt::Display) -> String {
    const GAP: &str = " ... ";
    const TAIL: usize = 60;

    let mut text = String::new();
    // Writing to a `String` fails only if the `Display` does; the text so far is kept then.
    let _ = write!(text, "{detail}");
    if text.len() > DETAIL {
        let boundary = |at: &usize| text.is_char_boundary(*at);
        let head = (0..=DETAIL - TAIL - GAP.len()).rfind(boundary).unwrap_or(0);
        let tail = (text.len() - TAIL..text.len())
            .find(boundary)
            .unwrap_or(text.len());
        text.replace_range(head..tail, GAP);
    }
    text
}
