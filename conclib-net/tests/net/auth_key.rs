//! Sources of a key, and places where it must not appear.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use conclib_net::{AuthKey, KeyError};
use tempfile::TempDir;

struct KeyFile {
    path: PathBuf,
    _directory: TempDir,
}

fn file(text: &str, mode: u32) -> KeyFile {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("key");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    KeyFile {
        path,
        _directory: directory,
    }
}

const HEX: &str = "000102030405060708090a0b0c0d0e0f";

#[support::test]
fn random_keys_differ() {
    let [a, b] = [AuthKey::random().unwrap(), AuthKey::random().unwrap()];
    assert_ne!(a.to_hex(), b.to_hex());
    assert_eq!(a.to_hex().len(), 64);
}

#[support::test]
fn a_key_has_16_to_64_bytes() {
    for len in [16, 32, 64] {
        let key = AuthKey::from_bytes(vec![7; len]).unwrap();
        assert_eq!(
            AuthKey::from_hex(&key.to_hex()).unwrap().to_hex(),
            "07".repeat(len)
        );
    }
    for len in [0, 15, 65, 1000] {
        assert!(matches!(
            AuthKey::from_bytes(vec![7; len]),
            Err(KeyError::Length { .. })
        ));
        assert!(matches!(
            AuthKey::from_hex(&"07".repeat(len)),
            Err(KeyError::Length { .. })
        ));
    }
}

#[support::test]
fn as_text_it_is_hex() {
    assert_eq!(
        AuthKey::from_hex(&format!(" {}\n", HEX.to_uppercase()))
            .unwrap()
            .to_hex(),
        HEX
    );
    for text in [
        &HEX[1..],
        &format!("{HEX}0"),
        &HEX.replace('0', "g"),
        "ä".repeat(16).as_str(),
    ] {
        assert!(
            matches!(AuthKey::from_hex(text), Err(KeyError::NotHex)),
            "{text}"
        );
    }
}

#[support::test]
fn a_second_key_stands_after_the_first() {
    let keys = [1, 2, 3].map(|fill| AuthKey::from_bytes([fill; 64]).unwrap());
    let [first, second, third] = &keys;
    let both = first.clone().accepting(second);
    let [one, two, three] = [first, second, third].map(AuthKey::to_hex);
    assert_eq!(both.to_hex(), format!("{one} {two}"));
    let lines = file(&format!("{one}\n{two}\n"), 0o600);
    for read in [
        AuthKey::from_file(&lines.path),
        AuthKey::from_hex(&both.to_hex()),
    ] {
        assert_eq!(read.unwrap().to_hex(), both.to_hex());
    }
    // Only the first key of the other one is taken, and it replaces the former second.
    let again = both.accepting(&third.clone().accepting(second));
    assert_eq!(again.to_hex(), format!("{one} {three}"));
    let many = AuthKey::from_hex(&format!("{one} {two} {three}"));
    assert!(matches!(many, Err(KeyError::TooMany)), "{many:?}");
    for bad in ["x", "07"] {
        assert!(AuthKey::from_hex(&format!("{one} {bad}")).is_err());
    }
}

#[support::test]
fn a_file_is_for_its_user_alone() {
    for mode in [0o600, 0o400] {
        let file = file(&format!("{HEX}\n"), mode);
        assert_eq!(AuthKey::from_file(&file.path).unwrap().to_hex(), HEX);
    }
    for mode in [0o644, 0o640, 0o604, 0o660, 0o700] {
        let file = file(HEX, mode);
        let error = AuthKey::from_file(&file.path).unwrap_err();
        assert!(
            matches!(&error, KeyError::Exposed { path } if *path == file.path),
            "{mode:o}"
        );
        assert!(error.to_string().contains("chmod 600"));
    }
}

#[support::test]
fn what_is_no_key_file_is_refused_and_does_not_block() {
    let directory = TempDir::new().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    for path in [&pipe, directory.path()] {
        assert!(matches!(
            AuthKey::from_file(path),
            Err(KeyError::Exposed { .. })
        ));
    }
    let missing = directory.path().join("missing");
    assert!(matches!(
        AuthKey::from_file(missing),
        Err(KeyError::File { .. })
    ));
    let long = file(&"0".repeat(1 << 20), 0o600);
    assert!(matches!(
        AuthKey::from_file(&long.path),
        Err(KeyError::Length { .. })
    ));
    let binary = file("", 0o600);
    fs::write(&binary.path, [0xFF; 64]).unwrap();
    assert!(matches!(
        AuthKey::from_file(&binary.path),
        Err(KeyError::File { .. })
    ));
}

#[support::test]
fn nothing_shows_it() {
    let key = AuthKey::from_hex(HEX).unwrap();
    assert_eq!(
        format!("{key:?} {:#?}", Some(&key)),
        "AuthKey(..) Some(\n    AuthKey(..),\n)"
    );
    let both = key.accepting(&AuthKey::random().unwrap());
    assert_eq!(format!("{both:?}"), "AuthKey(..)");
    let error = AuthKey::from_hex("hunter2 hunter2 hunter2 hunter2 hunter2").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
