//! Each mistake gives one error, at the wrong token, that says what to write
//! instead.
//!
//! Each case is a mistake, and its name describes it. `TRYBUILD=overwrite cargo
//! test --package conclib-test-ui` writes the current output of the compiler; read
//! the difference.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("*/*.rs");
}
