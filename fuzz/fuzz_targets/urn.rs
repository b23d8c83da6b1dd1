#![no_main]

#[path = "../checks/urn.rs"]
mod urn;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| urn::check(bytes));
