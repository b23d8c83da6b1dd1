//! Models of two sessions and a connection between them, run in thousands of interleavings. The
//! drivers are those of [`Session::run`]; a lost wake-up shows as a deadlock of the model.

mod connection;
mod ends;
mod references;
mod requests;
mod streams;
