//! What a mistake costs: one error, at the token that is wrong, that says what
//! to write instead.
//!
//! Each case is a mistake, named by it. `TRYBUILD=overwrite cargo test --test
//! ui` writes what the compiler says now; read the difference.
#![cfg(all(feature = "macros", feature = "net"))]

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}

#[cfg(feature = "testing")]
#[test]
fn mistakes_of_the_test_kit() {
    trybuild::TestCases::new().compile_fail("tests/ui_testing/*.rs");
}
