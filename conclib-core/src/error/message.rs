//! Error of a message.

use std::error::Error as StdError;
use std::fmt;

use conclib_wire::Fault;

use super::Error;

/// Error that a handler may return: any [`std::error::Error`], and [`Error`].
///
/// ```
/// use conclib::Message;
/// use conclib::traits::MessageError;
///
/// /// Returns the texts of an error and of its sources.
/// fn texts(error: &impl MessageError) -> Vec<String> {
///     let first: &dyn std::error::Error = error.as_error();
///     std::iter::successors(Some(first), |error| error.source())
///         .map(ToString::to_string)
///         .collect()
/// }
///
/// assert_eq!(texts(&conclib::Error::from("no such row")), ["no such row"]);
/// assert_eq!(texts(&std::fmt::Error).len(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`, which is no error",
    label = "not an error",
    note = "return `conclib::Result<T>`, into whose error `?` converts any other; or implement `std::error::Error` for `{Self}`, as `#[derive(Debug, thiserror::Error)]` does"
)]
pub trait MessageError: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Returns the error itself.
    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static);

    /// Boxes the error; one that is boxed already stays as it is.
    fn into_boxed(self) -> Box<dyn StdError + Send + Sync>;

    /// Describes the error for a sender that does not know its type.
    #[doc(hidden)]
    fn fault(&self) -> Fault;
}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> MessageError for E {
    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_boxed(self) -> Box<dyn StdError + Send + Sync> {
        Box::new(self)
    }

    fn fault(&self) -> Fault {
        Fault::of(self)
    }
}

impl MessageError for Error {
    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        Self::as_error(self)
    }

    fn into_boxed(self) -> Box<dyn StdError + Send + Sync> {
        Self::into_boxed(self)
    }

    fn fault(&self) -> Fault {
        Fault::of(Self::as_error(self))
    }
}
