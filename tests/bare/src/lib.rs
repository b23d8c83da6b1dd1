//! A crate that depends on conclib without any feature. No other package may be
//! built along with it, or cargo would give it the features of that one:
//! `cargo test --package conclib-test-bare`.
