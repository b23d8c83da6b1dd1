//! Links and the local broker: how other processes reach the actors of a
//! system over a unix socket or TCP, with no server between. Users depend on
//! the crate `conclib`, which re-exports this.
//!
//! [`LocalBroker`] is the server's end, and [`Client`] the other one. Both are
//! named by an [`Address`], and over TCP both have the same [`AuthKey`].
//!
//! # Who gets in
//!
//! - Over a unix socket: processes of the same user, by the modes of directory
//!   and file and by what the kernel says of the peer; other users by `?uid=`.
//! - Over TCP: whoever has the key. Each side proves it to the other by an
//!   HMAC-SHA256 over fresh random bytes of both. Nothing is encrypted after
//!   that, so an address that other machines can reach has to say
//!   `?plaintext=allow`.
//!
//! # What a peer may use up
//!
//! | what | how much | what happens then |
//! |---|---|---|
//! | time for the handshake | 5 s | it is disconnected |
//! | a message of the handshake | 512 bytes | it is disconnected |
//! | handshakes at once | 256 | one that has said nothing is ended if these are half of all, else one that has; of the source that has most |
//! | connections | 1024 | it is refused |
//! | a frame | [`MAX_FRAME`](conclib_core::wire::MAX_FRAME) | it is disconnected, before anything is allocated |
//! | time for a frame, from its first byte to its last | 60 s | it is disconnected |
//! | unanswered requests | 1024, and a quarter of the free places for one actor | one more is refused with `MailboxFull` |
//! | requests that it gave up, or whose deadline passed, while their actors have them | 4096, and a quarter of the free places for one actor | new ones are refused with `MailboxFull` |
//! | open streams of replies | 256 | one more is refused |
//! | items of a stream | the credit it has given, and 64 KiB of all streams that it has not read | the stream waits |
//! | answers it has not read | 1 MiB | it is not read from until it reads |
//! | answers it has not read | 16 MiB, and what 256 requests can be answered with | it is disconnected |
//!
//! A message in a mailbox takes one of the places of its actor, whoever sent
//! it: that bounds what waits there. A request that was given up, or whose
//! deadline has passed, counts no longer as unanswered; so an actor that hangs
//! leaves the others reachable over the same connection.
//!
//! A peer that sends what is no frame is disconnected, its requests that wait
//! are skipped, and everybody else is served on.
//!
//! # The shape
//!
//! A single task has a connection, at either end, and no caller waits for that
//! task: a send appends a frame to a buffer, and the task writes all that is
//! there at once. So requests that are under way together travel together.
//! Frames that come in are handed on straight from the read buffer. The task
//! polls the streams of replies too, item by item in turn. Nothing runs on a link with nothing to do.
//!
//! A path that dies without a word is noticed within about half a minute: by
//! TCP keepalive at both ends; and by a client, if three deadlines pass without
//! a byte and the server does not answer a sign of life for five seconds.
//!
//! Events have the `tracing` target `conclib::net`.

mod address;
mod auth_key;
mod client;
mod clock;
mod error;
mod handshake;
mod id_map;
mod incoming;
mod limits;
mod outbox;
mod resolve;
mod server;
mod shares;
mod tcp;
mod url;

pub use address::{Address, AddressError};
pub use auth_key::{AuthKey, KeyError};
pub use client::{Client, ClientStats};
pub use error::{ConnectError, OpenError};
pub use server::{BrokerStats, LocalBroker};
