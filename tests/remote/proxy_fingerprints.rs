//! Builds whose messages differ behind a pointer, in a container or in a
//! parameter get an error before anything is decoded.
#![allow(
    clippy::box_collection,
    clippy::redundant_allocation,
    clippy::vec_box,
    unused_qualifications,
    reason = "the ways to write a type are the subject"
)]

use conclib::Message;
use conclib::prelude::*;
use conclib::traits::Shape;
use support::outside::{House, Road, on_every_road};

/// Types of one build, and of another that has the fields in another order.
mod builds {
    pub mod ours {
        use conclib::prelude::*;

        pub type Number = i64;
        pub type Text = str;

        #[message]
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Inner {
            pub width: u32,
            pub height: u32,
        }
    }

    pub mod theirs {
        use conclib::prelude::*;

        pub type Number = u64;
        pub type Text = [u8];

        #[message]
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Inner {
            pub height: u32,
            pub width: u32,
        }
    }
}

/// Type without a `Shape`, around another.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Foreign<T>(T);

/// A declared type with a parameter.
#[message]
#[derive(Clone, Debug, Default)]
pub struct Page<T> {
    pub total: u32,
    pub items: Vec<T>,
}

/// Each row is a type that contains the difference: as a field and as a reply.
/// For each there is an actor of this build, and the messages of both.
macro_rules! rows {
    ($($row:ident: $ty:ty;)*) => {
        $(mod $row {
            pub mod ours {
                #[allow(unused_imports, reason = "not every row needs all")]
                use super::super::{*, builds::ours::*};
                #[message(name = "Put")]
                #[derive(Default)]
                pub struct Put { pub it: $ty }
                #[message(name = "Get", reply = $ty)]
                pub struct Get;
                #[actor]
                pub struct Store;
                #[actor]
                impl Store {
                    #[handler]
                    fn put(&mut self, _put: Put) {}
                    #[handler]
                    fn get(&mut self, _get: Get) -> $ty { Default::default() }
                }
            }
            pub mod theirs {
                #[allow(unused_imports, reason = "not every row needs all")]
                use super::super::{*, builds::theirs::*};
                #[message(name = "Put")]
                #[derive(Default)]
                pub struct Put { pub it: $ty }
                #[message(name = "Get", reply = $ty)]
                pub struct Get;
            }
        })*

        async fn what_differs_inside_is_found(road: Road) -> conclib::Result {
            let house = House::open(road).await?;
            let client = house.client().await?;
            let mut missed = Vec::new();
            $({
                let store = stringify!($row);
                house.system.actor($row::ours::Store).urn(store).spawn()?;
                client.ask(store, $row::ours::Put::default()).await?;
                client.ask(store, $row::ours::Get).await?;
                let put = client.ask(store, $row::theirs::Put::default()).await;
                if !matches!(put, Err(AskError::SchemaMismatch { .. })) {
                    missed.push(store.to_owned());
                }
                let got = client.ask(store, $row::theirs::Get).await;
                if !matches!(got, Err(AskError::SchemaMismatch { .. })) {
                    missed.push(format!("{store} as a reply"));
                }
            })*
            assert!(missed.is_empty(), "not found: {missed:#?}");
            Ok(())
        }
    };
}

rows! {
    itself: Inner;
    a_box: Box<Inner>;
    a_box_of_a_scalar: Box<Number>;
    a_box_of_a_slice: Box<[Inner]>;
    a_box_of_what_has_no_size: Box<Text>;
    a_box_in_a_box: Box<Box<Inner>>;
    a_box_of_a_vec: Box<Vec<Inner>>;
    a_box_of_a_tuple: Box<(u8, Inner)>;
    an_arc: std::sync::Arc<Inner>;
    an_arc_of_a_box: std::sync::Arc<Box<Inner>>;
    a_cow: std::borrow::Cow<'static, Inner>;
    a_cow_of_a_slice: std::borrow::Cow<'static, [Inner]>;
    an_option_of_a_box: Option<Box<Inner>>;
    a_vec_of_boxes: Vec<Box<Inner>>;
    a_vec_of_boxed_scalars: Vec<Box<Number>>;
    a_map_of_boxes: std::collections::BTreeMap<String, Box<Inner>>;
    a_list: std::collections::LinkedList<Inner>;
    a_tuple: (u8, Box<Inner>);
    an_array: [Box<Inner>; 2];
    a_mutex: std::sync::Mutex<Inner>;
    a_foreign_type: Foreign<Inner>;
    a_foreign_type_of_a_box: Foreign<Box<Number>>;
    a_vec_of_a_foreign_type: Vec<Foreign<Inner>>;
    a_tuple_with_a_foreign_type: (Foreign<u8>, Inner);
    an_array_of_a_foreign_type: [Foreign<Inner>; 2];
    a_declared_type_with_a_parameter: Page<Inner>;
    a_boxed_type_with_a_parameter: Box<Page<Number>>;
    a_vec_of_a_type_with_a_parameter: Vec<Page<Inner>>;
}

on_every_road! { what_differs_inside_is_found }

/// Recursive types; the two builds differ in the type of the leaves.
macro_rules! recursive {
    ($build:ident, $leaf:ty) => {
        mod $build {
            use std::collections::BTreeMap;
            use std::sync::Arc;

            use conclib::prelude::*;

            #[message]
            pub struct Boxed {
                pub next: Option<Box<Self>>,
                pub again: Option<Box<Boxed>>,
                pub leaf: $leaf,
            }

            #[message]
            pub struct Tree {
                pub children: Vec<Tree>,
                pub named: BTreeMap<String, Tree>,
                pub leaf: $leaf,
            }

            #[message]
            pub struct Ping {
                pub pong: Option<Box<Pong>>,
            }

            #[message]
            pub struct Pong {
                pub ping: Option<Box<Ping>>,
                pub leaf: $leaf,
            }

            #[message]
            pub enum Expression {
                Call {
                    name: String,
                    arguments: Vec<Argument>,
                },
                Nested(Box<Expression>),
            }

            #[message]
            pub struct Argument {
                pub value: Expression,
                pub block: Arc<Block>,
            }

            #[message]
            pub struct Block {
                pub lines: Vec<Expression>,
                pub leaf: $leaf,
            }

            #[message]
            pub struct Node<T> {
                pub next: Option<Box<Node<T>>>,
                pub value: T,
            }

            #[message]
            pub struct Nodes {
                pub node: Node<$leaf>,
            }

            #[message]
            pub struct Wrapped {
                pub inner: super::Foreign<Vec<Wrapped>>,
                pub leaf: $leaf,
            }

            #[message]
            pub struct Chain {
                pub first: Vec<First>,
            }

            #[message]
            pub struct First {
                pub second: Box<Second>,
            }

            #[message]
            pub struct Second {
                pub third: Vec<Third>,
            }

            #[message]
            pub struct Third {
                pub fourth: Option<Box<Fourth>>,
            }

            #[message]
            pub struct Fourth {
                pub leaf: $leaf,
            }
        }
    };
}

recursive!(ours, i64);
recursive!(the_same, i64);
recursive!(theirs, u64);

#[support::test]
fn types_that_hold_themselves_are_compared_too() {
    macro_rules! compared {
        ($($ty:ident)*) => {$(
            assert_eq!(ours::$ty::SHAPE, the_same::$ty::SHAPE, stringify!($ty));
            assert_ne!(ours::$ty::SHAPE, theirs::$ty::SHAPE, stringify!($ty));
            assert_eq!(ours::$ty::FINGERPRINT, the_same::$ty::FINGERPRINT);
            assert_ne!(ours::$ty::FINGERPRINT, theirs::$ty::FINGERPRINT);
        )*};
    }
    compared!(Boxed Tree Ping Pong Expression Argument Block Nodes Wrapped Chain);
}

/// Compares two types with the same encoding.
macro_rules! alike {
    ($($name:ident: $one:ty, $other:ty;)*) => {$(
        #[test]
        fn $name() {
            #[message(name = "Alike")]
            struct One {
                it: $one,
            }
            #[message(name = "Alike")]
            struct Other {
                it: $other,
            }
            assert_eq!(One::FINGERPRINT, Other::FINGERPRINT);
        }
    )*};
}

/// A type with a constant, which is written like a type parameter.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Slots<const N: usize, T = u8>(Vec<T>);

const FOUR: usize = 4;

#[message]
struct Constants<const N: usize> {
    slots: Slots<N>,
    more: Slots<FOUR, u16>,
}

#[test]
fn a_constant_in_a_type_counts() {
    assert_ne!(Constants::<1>::FINGERPRINT, 0);
    #[message(name = "Slots")]
    struct One(Slots<4, i64>);
    #[message(name = "Slots")]
    struct Other(Slots<5, i64>);
    #[message(name = "Slots")]
    struct Another(Slots<4, u64>);
    assert_ne!(One::FINGERPRINT, Other::FINGERPRINT);
    assert_ne!(One::FINGERPRINT, Another::FINGERPRINT);
}

type Numbers = Vec<i64>;
type Sizes = builds::ours::Inner;

alike! {
    an_alias_is_what_it_stands_for: Numbers, Vec<i64>;
    a_box_is_what_is_in_it: Box<Sizes>, builds::ours::Inner;
    an_arc_is_what_is_in_it: std::sync::Arc<Box<Sizes>>, Sizes;
    a_cow_is_what_is_in_it: std::borrow::Cow<'static, str>, String;
    one_kind_of_list_is_another: Box<[i64]>, std::collections::LinkedList<i64>;
    a_path_does_not_count: self::Foreign<std::vec::Vec<i64>>, crate::proxy_fingerprints::Foreign<Numbers>;
}
