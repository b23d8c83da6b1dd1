//! For code that stores a future of conclib in a struct or returns it from a function: the named
//! futures of calls, publications, shutdowns and connections. Code that awaits them at once needs
//! none of the names.

#[doc(inline)]
pub use conclib_core::{AskerGone, Asking, Publishing, Queueing, Shutdown, Telling};

#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use crate::{
    listen::Connecting,
    proxy::{Connect, Serve},
};
