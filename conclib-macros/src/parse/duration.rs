//! Durations such as `"500ms"`.

use std::time::Duration;

use syn::{Error, LitStr};

const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 60 * 60 * 1_000_000_000),
];

/// Parses a number and a unit; the result is at least a nanosecond.
pub(super) fn duration(text: &LitStr) -> syn::Result<Duration> {
    let value = text.value();
    let value = value.trim();
    let digits = value.trim_end_matches(|ch: char| ch.is_ascii_alphabetic());
    let unit = UNITS
        .iter()
        .find(|(name, _)| *name == &value[digits.len()..]);
    let number = digits
        .trim_end()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    let nanos = unit.zip(number).map(|((_, nanos), number)| {
        #[expect(
            clippy::cast_precision_loss,
            reason = "an hour in nanoseconds is exact in f64"
        )]
        let nanos = number * *nanos as f64;
        nanos
    });
    match nanos {
        Some(nanos) if nanos >= 1.0 => Ok(Duration::from_secs_f64(nanos / 1e9)),
        _ => Err(Error::new(
            text.span(),
            "expected a duration above zero, a number and a unit: \"500ms\", \"2s\", \"1.5h\" (ns, us, ms, s, m, h)",
        )),
    }
}
