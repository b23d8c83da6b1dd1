//! Links and the local broker, by which other processes reach the actors of a
//! system over a unix socket or TCP, with no server between. Users depend on
//! the crate `conclib`, which re-exports this.
//!
//! [`LocalBroker`] is the server end of a link, and [`Client`] the client end.
//! Both take an [`Address`], and over TCP both need the same [`AuthKey`].
//!
//! Both run a [`Session`], the duplex conversation over one connection: either
//! end asks actors of the other. A session works over any byte stream, so a
//! crate that makes connections of its own (a socket pair to a child process, a
//! pipe in a test) needs only that type.
//!
//! # Access
//!
//! - Over a unix socket: processes of the same user, by the modes of directory
//!   and file and by what the kernel says of the peer; other users by `?uid=`.
//! - Over TCP: processes that have the key. Each side proves it to the other by
//!   an HMAC-SHA256 over fresh random bytes of both. If either side sees the
//!   other on another machine, all that follows is signed, and a changed byte
//!   ends the connection. Nothing is encrypted, so an address that other machines
//!   can reach needs `?plaintext=allow`.
//! - Over TLS, with the feature `tls`: the server proves its name by a
//!   certificate, and the client by the key, by a certificate, or by both.
//!
//! # Limits of a peer
//!
//! | resource | limit | at the limit |
//! |---|---|---|
//! | time for the handshake | 5 s | the peer is disconnected |
//! | a message of the handshake | 512 bytes | the peer is disconnected |
//! | handshakes at once | 256 | one is ended: of those that have sent nothing valid if these are half of all, else of the others; from the source with the most of them |
//! | connections | 1024 | the peer is refused |
//! | a frame | [`LinkLimits::frame`], 8 MiB and its head | its body is not kept, and its request, answer or stream fails; above the default the peer is disconnected, before anything is allocated |
//! | a signed record | 65553 bytes, and 60 s from its first byte to its last | the peer is disconnected |
//! | time for a frame, from its first byte to its last | 60 s | the peer is disconnected |
//! | unanswered requests | 1024, and a quarter of the free slots for one actor | one more is refused with `MailboxFull` |
//! | requests that the peer gave up, or whose deadline passed, while their actors still have them | 4096, and a quarter of the free slots for one actor | new ones are refused with `MailboxFull` |
//! | open streams of replies | 256 | one more is refused |
//! | references to actors that it holds | 65536 | a message with one more is not sent |
//! | references to actors that it lends | 65536 | the peer is disconnected |
//! | items of a stream | the credit that the peer has given, and 64 KiB unread of all streams | the stream waits |
//! | unread frames | 1 MiB | nothing is read from the peer until it reads, unless this end waits for its answers |
//! | unread answers | 255 MiB | further ones are replaced by a failure |
//! | unread frames | 272 MiB, or 60 s without a byte taken | the peer is disconnected |
//!
//! The limits of a link are the fields of [`LinkLimits`], by default the same at both ends. The
//! table has the default ones.
//!
//! A request that waits in a mailbox takes a slot in the mailbox of its actor,
//! like any other message. A request that was given up, or whose deadline has
//! passed, no longer counts as unanswered; so an actor that hangs leaves the
//! others reachable over the same connection.
//!
//! A peer that sends an invalid frame is disconnected, its waiting requests are
//! skipped, and all other clients are served as before.
//!
//! # Design
//!
//! A single task owns a connection, at either end, and no caller waits for that
//! task: a send appends a frame to a buffer, and the task writes the whole
//! buffer at once. So requests that are under way together are sent together. A
//! frame of 64 KiB or more is written by itself, between two batches of small
//! ones, so that a small frame waits for one large frame at most; frames to one
//! actor keep their order. Incoming frames are passed on straight from the read
//! buffer. The task also polls the streams of replies, item by item in turn. An
//! idle link runs no code.
//!
//! One lock guards the state of a session, for both directions: the requests of
//! this end, those of the peer, the references lent and borrowed, and the frames
//! to write. `system.snapshot().links` shows it.
//!
//! A network path that silently dies is noticed within about half a minute: by
//! TCP keepalive at both ends; and by a client, if three deadlines pass without
//! a byte and the server then does not answer a check for five seconds.
//!
//! Events have the `tracing` target `conclib::net`.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `sync`
//! 2. `address`, `auth_key`, `record`, `session`, `tcp`
//! 3. `error`, `halves`, `handshake`, `resolve`
//! 4. `tls`
//! 5. `client`, `server`
//! 6. `keyring`

mod address;
mod auth_key;
mod client;
mod error;
mod halves;
mod handshake;
mod keyring;
mod record;
mod resolve;
mod server;
mod session;
mod sync;
mod tcp;
#[cfg(feature = "tls")]
mod tls;

pub use address::{Address, AddressError};
pub use auth_key::{AuthKey, KeyError};
pub use client::Client;
#[cfg(feature = "tls")]
pub use error::TlsError;
pub use error::{ConnectError, OpenError};
pub use keyring::Keyring;
pub use server::{BrokerStats, LocalBroker};
pub use session::{Introducer, LinkLimits, RequestIds, Session, SessionEnd, SessionStats};
