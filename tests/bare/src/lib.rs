//! Crate that depends on conclib without any feature. It has to be built alone,
//! or cargo would enable the features that other packages ask for: `cargo test
//! --package conclib-test-bare`.
