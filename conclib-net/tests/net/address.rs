//! Valid URLs, and the errors of invalid ones.

use conclib_net::{Address, AddressError};
use proptest::prelude::*;

fn error(url: &str) -> AddressError {
    Address::parse(url).unwrap_err()
}

#[support::test]
fn an_address_is_shown_as_it_was_written() {
    for url in [
        "unix:///run/app/app.sock",
        "unix:///app.sock?uid=0",
        "unix:///run/app.sock?uid=1000&uid=1001",
        "unix:///run/my%20app/%3F%25.sock",
        "tcp://127.0.0.1:0",
        "tcp://[::1]:65535",
        "tcp://db-1.example.org:7000?plaintext=allow",
        "tcp://127.0.0.1:7000?keyfile=/etc/app/key",
        "tcp://10.0.0.7:7000?keyfile=/k%26y&plaintext=allow",
        "tcp://127.0.0.1:7000?integrity=always",
    ] {
        assert_eq!(Address::parse(url).unwrap().to_string(), url);
    }
    assert_eq!(
        Address::parse("unix:///ä.sock?").unwrap().to_string(),
        "unix:///%C3%A4.sock"
    );
}

#[support::test]
fn what_is_no_address_is_told_with_its_text() {
    for url in [
        "",
        "app.sock",
        "/run/app.sock",
        "http://127.0.0.1:80",
        "UNIX:///a",
        "unix:/a",
    ] {
        assert!(matches!(error(url), AddressError::Scheme { .. }), "{url}");
        assert!(error(url).to_string().contains(url));
    }
    for url in [
        "unix://app.sock",
        "unix://",
        "unix:///",
        "unix:///a/",
        "unix:///a/..",
        "unix:///a%00b",
    ] {
        assert!(
            matches!(error(url), AddressError::NotAbsolute { .. }),
            "{url}"
        );
        assert!(error(url).to_string().contains(url));
    }
    for url in [
        "unix:///%",
        "unix:///a%2",
        "unix:///%zz",
        "unix:///%+1",
        "unix:///%ä",
    ] {
        assert!(matches!(error(url), AddressError::Escape { .. }), "{url}");
    }
    for url in [
        "tcp://",
        "tcp://localhost",
        "tcp://:80",
        "tcp://::1:80",
        "tcp://[::1:80",
        "tcp://[a]:80",
        "tcp://a/b:80",
    ] {
        assert!(matches!(error(url), AddressError::Host { .. }), "{url}");
    }
    for url in [
        "tcp://a:",
        "tcp://a:65536",
        "tcp://a:-1",
        "tcp://a:+1",
        "tcp://a:http",
        "tcp://a:1/",
    ] {
        assert!(matches!(error(url), AddressError::Port { .. }), "{url}");
    }
    for url in ["unix:///a#b", "unix:///a\nb", "tcp://a:1?keyfile=/\0"] {
        assert!(
            matches!(error(url), AddressError::Character { .. }),
            "{url}"
        );
    }
}

#[support::test]
fn options_belong_to_their_scheme() {
    for url in [
        "unix:///a?keyfile=/k",
        "unix:///a?uid",
        "tcp://a:1?uid=1",
        "tcp://a:1?key=/k",
    ] {
        assert!(matches!(error(url), AddressError::Option { .. }), "{url}");
    }
    for url in [
        "unix:///a?uid=root",
        "unix:///a?uid=-1",
        "unix:///a?uid=4294967296",
        "tcp://a:1?keyfile=k",
        "tcp://a:1?keyfile=/k&keyfile=/k",
        "tcp://a:1?plaintext=yes",
        "tcp://a:1?integrity=never",
    ] {
        assert!(matches!(error(url), AddressError::Value { .. }), "{url}");
    }
}

#[support::test]
fn a_path_is_shorter_than_a_socket_address() {
    let path = |len: usize| format!("/{}", "x".repeat(len - 1));
    assert!(Address::unix(path(107)).is_ok());
    let long = Address::unix(path(108)).unwrap_err();
    assert!(
        matches!(long, AddressError::PathTooLong { len: 108, .. }),
        "{long}"
    );
    assert!(matches!(
        Address::unix("app.sock"),
        Err(AddressError::NotAbsolute { .. })
    ));
}

#[support::test]
fn what_may_be_a_secret_is_not_quoted() {
    for url in [
        "tcp://user:hunter2@localhost:1",
        "http://user:hunter2@localhost:1",
        "tcp://localhost:1?authkey=hunter2",
        "tcp://localhost:1?plaintext=hunter2",
        "tcp://localhost?authkey=hunter2",
    ] {
        let text = format!("{0} {0:?}", error(url));
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[support::test]
fn errors_stay_on_one_line_and_short() {
    let text = error(&format!("{}\u{1b}[2J\r\nERROR", "x".repeat(3000))).to_string();
    assert!(
        text.len() < 500 && !text.contains(char::is_control),
        "{text}"
    );
    assert!(matches!(
        error(&"x".repeat(10_000)),
        AddressError::TooLong { len: 10_000, .. }
    ));
}

proptest! {
    #[support::test]
    fn any_text_is_an_address_or_an_error_in_one_line(text in "(unix://|tcp://|)[\\PC\\x00-\\x1f]{0,200}") {
        match Address::parse(&text) {
            Ok(address) => prop_assert_eq!(Address::parse(&address.to_string()).unwrap(), address),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }

    #[support::test]
    fn any_path_comes_back(path in "/[^/\\x00]{1,20}") {
        prop_assume!(!matches!(&*path, "/." | "/.."));
        let address = Address::unix(&path).unwrap();
        prop_assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
    }
}
