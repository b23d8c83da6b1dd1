//! See the crate `conclib`.
