//! URLs that are accepted, and URLs that are refused.

use super::*;

fn url(text: &str) -> RedisUrl {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> UrlError {
    match text.parse::<RedisUrl>() {
        Ok(url) => panic!("{text} is accepted: {url}"),
        Err(error) => error,
    }
}

#[test]
fn each_form_comes_back_without_its_password() {
    for (text, shown) in [
        ("redis://127.0.0.1", "redis://127.0.0.1:6379"),
        ("redis://:secret@[::1]:7000/3", "redis://[::1]:7000/3"),
        (
            "rediss://app:secret@far:6380?ca=/ca.pem",
            "rediss://app@far:6380",
        ),
        (
            "redis+unix:///run/r.sock?db=3",
            "redis+unix:///run/r.sock?db=3",
        ),
        (
            "redis+unix://app:secret@localhost/run/r.sock?ns=shop",
            "redis+unix://app@localhost/run/r.sock?ns=shop",
        ),
        (
            "redis-cluster://app:secret@127.0.0.1:7000,localhost:7001",
            "redis-cluster://app@127.0.0.1:7000,localhost:7001",
        ),
        (
            "redis-sentinel://app:secret@localhost/shop",
            "redis-sentinel://app@localhost:26379/shop",
        ),
    ] {
        let url = url(text);
        assert_eq!(url.to_string(), shown);
        assert_eq!(format!("{url:?}"), format!("RedisUrl({shown})"));
        assert_eq!(url.password.is_some(), text.contains("secret"), "{text}");
    }
}

#[test]
fn a_password_for_another_host_needs_tls_or_a_word() {
    for text in [
        "redis://app:secret@far",
        "redis://:secret@10.0.0.1:6379",
        "redis-cluster://:secret@127.0.0.1,far",
        "redis-sentinel://:secret@far/shop",
    ] {
        let error = refused(text);
        assert!(matches!(error, UrlError::Plaintext { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"));
        url(&format!("{text}?plaintext=allow"));
        url(&text.replace("secret", ""));
    }
    url("rediss://app:secret@far");
    url("redis://app:secret@127.0.0.2");
}

#[test]
fn parts_that_do_not_fit_are_refused_by_name() {
    for text in [
        "127.0.0.1",
        "redis://",
        "redis://a,b",
        "redis://a:x",
        "redis://a/x",
    ] {
        assert!(matches!(refused(text), UrlError::Syntax { .. }), "{text}");
    }
    for text in [
        "redis-cluster://a/1",
        "redis-sentinel://a",
        "redis+unix://run/r.sock",
    ] {
        assert!(matches!(refused(text), UrlError::Syntax { .. }), "{text}");
    }
    assert!(matches!(refused("http://a"), UrlError::Scheme { .. }));
    for (text, option) in [
        ("redis://a?speed=high", "speed"),
        ("redis://a?ca=/ca.pem", "ca"),
        ("rediss://a?cert=/cert.pem", "cert"),
        ("redis://a?ns=two%20words", "ns"),
        ("redis://a?in=other", "in"),
        ("redis://a?channel=python&ns=shop", "ns"),
        ("redis-cluster://a?channel=python", "channel"),
    ] {
        let error = refused(text);
        let UrlError::Option { name, .. } = &error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!(&**name, option, "{error}");
    }
}
