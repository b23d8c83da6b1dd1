#![no_main]

#[path = "../checks/codec.rs"]
mod codec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec::check(bytes));
