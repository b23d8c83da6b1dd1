//! Random attacks: a million broken bodies, and structured ones.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of this is test code, also outside of `#[test]` functions"
)]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use conclib_core::wire::Codec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::values::{Bytes, Directory, List, Node, Scalars, Tree, Unit, nodes};
use super::{BOTH, HUGE, encode, round_trip};

/// Number of bodies for each type; with ten types it is a million.
const BODIES: usize = 100_000;

/// Xorshift generator, fast enough for a million bodies in seconds.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("DECODE_HOSTILE_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| {
                use std::hash::{BuildHasher, RandomState};
                RandomState::new().hash_one(0)
            });
        println!("DECODE_HOSTILE_SEED={seed}");
        Self(seed | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll()).unwrap() % end.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }

    /// Returns bytes with a meaning to the codec.
    fn token(&mut self, codec: Codec) -> &'static [u8] {
        match codec {
            Codec::Bincode => self.pick(&[
                &HUGE,
                &[0],
                &[1],
                &[2],
                &[127],
                &[251, 0, 1],
                &[252, 255, 255, 1, 0],
                &[254],
                &[255],
                &[0xf0, 0x9f, 0xa6, 0x80],
                &[0xed, 0xa0, 0x80],
            ]),
            _ => self.pick(&[
                b"{",
                b"}",
                b"[",
                b"]",
                b",",
                b":",
                b"\"",
                b"\\",
                b"null",
                b"true",
                b"-",
                b"1e999",
                b"0.5",
                b"\\ud800",
                b"\xff",
                b"18446744073709551616",
                b" ",
                b"[[[[[[[[",
                b"{}",
                b"\"Newtype\":",
                b"\"next\":",
                b"7",
            ]),
        }
    }

    fn body(&mut self, codec: Codec, valid: &[Vec<u8>], body: &mut Vec<u8>) {
        body.clear();
        match self.below(8) {
            0 => {
                for _ in 0..self.below(40) {
                    body.extend_from_slice(&self.roll().to_le_bytes()[..1]);
                }
                return;
            }
            1 => {
                for _ in 0..self.below(12) {
                    body.extend_from_slice(self.token(codec));
                }
                return;
            }
            _ => body.extend_from_slice(&valid[self.below(valid.len())]),
        }
        for _ in 0..=self.below(3) {
            let at = self.below(body.len());
            let to = at + self.below(body.len() - at + 1);
            match self.below(6) {
                0 => body.truncate(at),
                1 if at < body.len() => body[at] ^= 1 << self.below(8),
                2 => {
                    body.splice(at..at, self.token(codec).iter().copied());
                }
                3 => {
                    body.splice(at..to, self.token(codec).iter().copied());
                }
                4 => body.extend_from_within(at..to),
                _ => {
                    body.drain(at..to);
                }
            }
        }
    }
}

/// Checks that a value that was decoded from any body can be encoded and decoded again.
fn check<T>(codec: Codec, body: &[u8]) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let Ok(value) = codec.decode::<T>(body) else {
        return false;
    };
    let again = round_trip::<T>(codec, &value);
    assert_eq!(again.as_ref(), Ok(&value), "{codec} of {body:?}");
    true
}

fn attack<T>(samples: &[T], bodies: usize)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let mut dice = Dice::new();
    let mut body = Vec::new();
    for codec in BOTH {
        let valid: Vec<_> = samples.iter().map(|s| encode(codec, s).unwrap()).collect();
        assert!(valid.iter().all(|body| check::<T>(codec, body)));
        let read = (0..bodies / 2)
            .filter(|_| {
                dice.body(codec, &valid, &mut body);
                check::<T>(codec, &body)
            })
            .count();
        // Bodies that are all refused at the first byte would prove nothing.
        assert!(read > bodies / 1000, "{codec}: only {read} were read");
    }
}

macro_rules! attacks {
    ($($name:ident: $type:ty = $samples:expr;)*) => {$(
        #[test]
        fn $name() {
            attack::<$type>(&$samples, BODIES);
        }
    )*};
}

fn text(from: &[&str]) -> Vec<String> {
    from.iter().map(ToString::to_string).collect()
}

attacks! {
    attack_nested_enum: Node = [nodes(0), nodes(1), nodes(3), nodes(40)];
    attack_list: List = [
        List { value: 1, next: None },
        List { value: 2, next: Some(Box::new(List { value: 3, next: None })) },
    ];
    attack_tree: Tree = [
        Tree(vec![]),
        Tree(vec![Tree(vec![Tree(vec![])]), Tree(vec![]), Tree(vec![Tree(vec![])])]),
    ];
    attack_directory: Directory = [
        Directory(BTreeMap::from([
            (1, Directory(BTreeMap::new())),
            (7, Directory(BTreeMap::from([(0, Directory(BTreeMap::new()))]))),
        ])),
    ];
    attack_vec_of_vec: Vec<Vec<String>> = [
        vec![],
        vec![text(&["a", "b\n\u{1f980}"]), vec![], text(&["", "\"quoted\""])],
    ];
    attack_map: HashMap<String, Vec<u8>> = [
        HashMap::new(),
        HashMap::from([("k".to_owned(), vec![1, 2, 3]), ("\u{e9}".to_owned(), vec![])]),
    ];
    attack_scalars: Scalars = [
        Scalars {
            wide: i128::MIN, narrow: (-1, 500, true), letter: '\u{1f980}',
            word: Some("word".to_owned()), nothing: (), unit: Unit,
        },
        Scalars {
            wide: 7, narrow: (0, 0, false), letter: 'x', word: None, nothing: (), unit: Unit,
        },
    ];
    attack_tuples: (u64, (i32, String), [u16; 3], Option<(char, Box<str>)>) = [
        (u64::MAX, (i32::MIN, "s".to_owned()), [1, 300, 9], None),
        (0, (5, String::new()), [0; 3], Some(('c', "boxed".into()))),
    ];
    attack_bytes: (Bytes, Vec<Bytes>) = [
        (Bytes(vec![1, 2, 3]), vec![]),
        (Bytes(vec![]), vec![Bytes(vec![255; 20]), Bytes(vec![])]),
    ];
    attack_results: Vec<Result<Option<u128>, Unit>> = [
        vec![Ok(Some(u128::MAX)), Ok(None), Err(Unit)],
    ];
}

/// Fewer bodies, because three bytes may validly be thousands of these elements.
#[test]
fn attack_nothing() {
    attack::<Vec<(Unit, ())>>(&[vec![], vec![(Unit, ()); 9]], BODIES / 20);
}

// ---- structured ones ----

fn scalars() -> impl Strategy<Value = Scalars> {
    (
        any::<i128>(),
        any::<(i8, u16, bool)>(),
        any::<char>(),
        any::<Option<String>>(),
    )
        .prop_map(|(wide, narrow, letter, word)| Scalars {
            wide,
            narrow,
            letter,
            word,
            nothing: (),
            unit: Unit,
        })
}

type Mixed = (Node, Scalars, HashMap<String, Vec<u8>>, Vec<Vec<String>>);

fn mixed() -> impl Strategy<Value = Mixed> {
    (
        (0_usize..60).prop_map(nodes),
        scalars(),
        prop::collection::hash_map(any::<String>(), any::<Vec<u8>>(), 0..4),
        prop::collection::vec(prop::collection::vec(any::<String>(), 0..3), 0..3),
    )
}

proptest! {
    #[test]
    fn any_value_comes_back(value in mixed()) {
        for codec in BOTH {
            let read = round_trip(codec, &value)?;
            prop_assert_eq!(&read, &value);
        }
    }

    #[test]
    fn no_beginning_of_a_body_is_a_body(value in mixed(), cut in any::<prop::sample::Index>()) {
        for codec in BOTH {
            let body = encode(codec, &value)?;
            prop_assert!(codec.decode::<Mixed>(&body[..cut.index(body.len())]).is_err());
        }
    }

    #[test]
    fn long_noise_is_survived(body in prop::collection::vec(any::<u8>(), 0..4096)) {
        for codec in BOTH {
            check::<Mixed>(codec, &body);
            check::<Tree>(codec, &body);
            check::<Vec<Vec<Vec<String>>>>(codec, &body);
            check::<HashMap<u64, Option<Bytes>>>(codec, &body);
        }
    }
}
