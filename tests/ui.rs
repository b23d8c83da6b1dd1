//! Each mistake gives one error, at the wrong token, that says what to write
//! instead.
//!
//! Each case is a mistake, and its name describes it. `TRYBUILD=overwrite cargo
//! test --test ui` writes the current output of the compiler; read the
//! difference.
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
