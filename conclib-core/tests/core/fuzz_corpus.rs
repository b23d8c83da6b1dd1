//! Replay of the fuzz corpus without a fuzzer: runs each file of `fuzz/corpus` through the check of
//! its target, also with each of its bytes changed, and truncated at each byte.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/checks/codec.rs"]
mod codec;
#[path = "../../../fuzz/checks/frame.rs"]
mod frame;
#[path = "../../../fuzz/checks/urn.rs"]
mod urn;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut files = 0;
    for entry in fs::read_dir(corpus.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(path).unwrap();
        check(&bytes);
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            check(&bytes[..at]);
            for flip in [1, 0x80, 0xff] {
                changed[at] = bytes[at] ^ flip;
                check(&changed);
            }
            changed[at] = bytes[at];
        }
        files += 1;
    }
    assert!(files >= 8, "the corpus of `{target}` has {files} files");
}

#[support::test]
fn names() {
    replay("urn", urn::check);
}

#[support::test]
fn frames() {
    replay("frame", frame::check);
}

#[support::test]
fn bodies() {
    replay("codec", codec::check);
}
