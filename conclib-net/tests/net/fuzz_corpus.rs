//! Replay of the fuzz corpus of the session without a fuzzer: runs each file of
//! `fuzz/corpus/session` through the check, also with some of its bytes changed, truncated at some
//! bytes, and in pieces of other sizes.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/checks/session.rs"]
mod session;

/// Distance of the bytes that are changed; a prime, so that all fields have their turns.
const STEP: usize = 7;

#[test]
fn sessions() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/session");
    let mut files = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let mut changed = bytes.clone();
        for pieces in [0, 1, 5, 130] {
            changed[0] = pieces;
            session::check(&changed);
        }
        changed[0] = bytes[0];
        for at in (1 + files % STEP..bytes.len()).step_by(STEP) {
            session::check(&bytes[..at]);
            for flip in [1, 0xff] {
                changed[at] = bytes[at] ^ flip;
                session::check(&changed);
            }
            changed[at] = bytes[at];
        }
        files += 1;
    }
    assert!(files >= 8, "the corpus has {files} files");
}
