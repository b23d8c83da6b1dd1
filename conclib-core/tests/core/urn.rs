//! Tests of valid and invalid URNs, and of the error texts.

use std::collections::{BTreeMap, HashMap};

use conclib_core::wire::Codec;
use conclib_core::{Urn, UrnError};
use proptest::prelude::*;

#[support::test]
fn every_allowed_character_is_allowed() {
    let all: String = ('!'..='~').filter(|ch| !"*?[]{}".contains(*ch)).collect();
    assert_eq!(all.len(), 94 - 6);
    assert_eq!(Urn::new(&all).unwrap(), all.as_str());
}

#[support::test]
fn every_other_ascii_character_is_refused_where_it_stands() {
    for ch in (0..=127_u8).map(char::from) {
        if ch.is_ascii_graphic() && !"*?[]{}".contains(ch) {
            continue;
        }
        let error = Urn::new(format!("ab{ch}c")).unwrap_err();
        assert!(
            matches!(error, UrnError::BadCharacter { ch: found, at: 2, .. } if found == ch),
            "{error:?}"
        );
    }
}

#[support::test]
fn characters_beyond_ascii_are_refused_whole() {
    let error = Urn::new("caf\u{e9}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the urn `caf\\u{e9}` has 'é' at byte 3: \
         use visible ascii without spaces and without any of * ? [ ] { }"
    );
}

#[support::test]
fn length_is_1_to_255_bytes() {
    assert_eq!(Urn::new("").unwrap_err(), UrnError::Empty);
    assert_eq!(Urn::new("a").unwrap(), "a");
    assert_eq!(Urn::new("a".repeat(255)).unwrap().as_str().len(), 255);

    let error = Urn::new("a".repeat(256)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the urn `{}...` has 256 bytes, and at most 255 are allowed: shorten it",
            "a".repeat(64)
        )
    );
}

#[support::test]
fn the_reserved_prefix_is_for_the_library() {
    assert_eq!(
        Urn::new("conclib:x").unwrap_err().to_string(),
        "the urn `conclib:x` begins with `conclib:`, which is reserved: choose another prefix"
    );
    for free in ["conclib", "Conclib:x", "x/conclib:", "urn:conclib:x"] {
        assert!(!Urn::new(free).unwrap().is_reserved());
    }

    let own = Urn::reserved("conclib:registry");
    assert!(own.is_reserved());
    // No actor can be given such a name, but any peer can ask one over a wire.
    let mut body = Vec::new();
    Codec::Bincode.encode(&own, &mut body).unwrap();
    assert_eq!(Codec::Bincode.decode::<Urn>(&body), Ok(own));
}

#[support::test]
fn every_way_in_checks() {
    assert!("a b".parse::<Urn>().is_err());
    assert!(Urn::try_from("a b").is_err());
    assert!(Urn::try_from(String::from("a b")).is_err());
    assert!(Codec::Json.decode::<Urn>(br#""a b""#).is_err());
    assert!(Codec::Bincode.decode::<Urn>(b"\x03a b").is_err());
    assert!(Codec::Bincode.decode::<Urn>(b"\x00").is_err());
}

#[support::test]
fn a_refusal_shows_a_stranger_nothing_raw() {
    let error = Urn::new(format!("\u{1b}[31m\n{}", "\u{10ffff}".repeat(1000))).unwrap_err();
    let text = error.to_string();
    assert!(text.is_ascii() && text.len() < 200, "{text}");
    assert!(!text.contains(['\u{1b}', '\n']), "{text}");
}

#[support::test]
fn anonymous_urns_are_uuids_and_differ() {
    let urn = Urn::anonymous();
    assert_eq!(urn.as_str().len(), "urn:uuid:".len() + 36);
    assert_eq!(Urn::new(urn.as_str()).unwrap(), urn);
    assert_ne!(Urn::anonymous(), Urn::anonymous());
}

#[support::test]
fn maps_keyed_by_urn_are_asked_with_text() {
    let urn = Urn::new("greeter").unwrap();
    assert_eq!(HashMap::from([(urn.clone(), 1)]).get("greeter"), Some(&1));
    assert_eq!(BTreeMap::from([(urn, 1)]).get("greeter"), Some(&1));
}

#[support::test]
fn it_prints_as_its_text() {
    let urn = Urn::new("greeter").unwrap();
    assert_eq!(format!("{urn:>9}|{urn:?}"), "  greeter|Urn(\"greeter\")");
}

#[support::test]
fn the_error_travels() {
    let error = Urn::new("a b").unwrap_err();
    for codec in [Codec::Bincode, Codec::Json] {
        let mut body = Vec::new();
        codec.encode(&error, &mut body).unwrap();
        assert_eq!(codec.decode::<UrnError>(&body).unwrap(), error);
    }
}

proptest! {
    #[support::test]
    fn a_urn_is_the_text_it_was_made_of(text in "[!-~&&[^*?\\[\\]{}]]{1,255}") {
        prop_assume!(!text.starts_with("conclib:"));
        let urn: Urn = text.parse()?;
        prop_assert_eq!(&urn, text.as_str());
        for codec in [Codec::Bincode, Codec::Json] {
            let mut body = Vec::new();
            codec.encode(&urn, &mut body)?;
            prop_assert_eq!(codec.decode::<Urn>(&body)?, urn.clone());
        }
    }

    #[support::test]
    fn order_is_that_of_the_text(a in "[!-)]{1,4}", b in "[!-)]{1,4}") {
        let (Ok(x), Ok(y)) = (Urn::new(&a), Urn::new(&b)) else {
            return Ok(());
        };
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
    }

    #[support::test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        if let Err(error) = Urn::new(&text) {
            prop_assert!(error.to_string().len() < 300);
        }
    }
}
