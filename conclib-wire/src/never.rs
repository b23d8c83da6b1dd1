//! Error of messages that cannot fail.

use serde::Serialize;

/// The error of a message that cannot fail: it has no values.
///
/// Same as `std::convert::Infallible`, with serde, which the standard type lacks.
///
/// ```
/// use conclib_wire::Never;
///
/// fn sure(result: Result<u64, Never>) -> u64 {
///     match result {
///         Ok(value) => value,
///         Err(never) => match never {},
///     }
/// }
/// assert_eq!(sure(Ok(7)), 7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, serde::Deserialize)]
pub enum Never {}
