//! Snapshots of the expansions, to be read as code.
//!
//! `INSTA_UPDATE=always cargo test -p conclib-macros` writes what is expanded
//! now; read the difference.

use insta::assert_snapshot;
use proc_macro2::TokenStream;
use quote::quote;

use super::{actor, main, message, part, protocol, test};

/// Expansion as rustfmt formats it, without the allowances that every item has.
fn shown(expanded: TokenStream) -> String {
    let mut file: syn::File = syn::parse2(expanded).unwrap();
    syn::visit_mut::VisitMut::visit_file_mut(&mut WithoutAllowances, &mut file);
    prettyplease::unparse(&file)
}

struct WithoutAllowances;

impl syn::visit_mut::VisitMut for WithoutAllowances {
    fn visit_attributes_mut(&mut self, attrs: &mut Vec<syn::Attribute>) {
        attrs.retain(|attr| !attr.path().is_ident("allow"));
    }
}

/// The docs of `#[actor]` show this expansion.
#[test]
fn the_docs_show_what_is_emitted() {
    struct WithoutDocs;
    impl syn::visit_mut::VisitMut for WithoutDocs {
        fn visit_attributes_mut(&mut self, attrs: &mut Vec<syn::Attribute>) {
            attrs.retain(|attr| !attr.path().is_ident("doc"));
        }
    }
    let block = quote! {
        impl Greeter {
            #[message]
            fn add(&mut self, by: u64) -> u64 { self.greeted += by; self.greeted }
        }
    };
    let mut file: syn::File = syn::parse_str(&shown(actor(quote!(), block))).unwrap();
    syn::visit_mut::VisitMut::visit_file_mut(&mut WithoutDocs, &mut file);
    let emitted = prettyplease::unparse(&file);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/expand/greeter.rs.txt");
    if std::env::var_os("INSTA_UPDATE").is_some() {
        std::fs::write(path, &emitted).unwrap();
    }
    assert_eq!(emitted, std::fs::read_to_string(path).unwrap());
}

#[test]
fn message_struct() {
    let item = quote! {
        #[derive(Debug)]
        pub struct Greet { pub name: String, times: Option<u8> }
    };
    assert_snapshot!(shown(message(
        quote!(reply = Greeting, error = EmptyName),
        item
    )));
}

#[test]
fn message_enum() {
    let item = quote! {
        enum Step { Left, Right(u8), Both { left: u8, right: Box<Step> } }
    };
    assert_snapshot!(shown(message(quote!(name = "step", crate = other), item)));
}

#[test]
fn message_generic_and_local() {
    let item = quote! {
        struct Watch<T: Clone> { sender: Sender<T> }
    };
    assert_snapshot!(shown(message(quote!(local), item)));
}

#[test]
fn actor_struct() {
    let args = quote!(
        urn = "greeter",
        mailbox = 256,
        overflow = DropOldest,
        timeout = "1.5s"
    );
    let item = quote! {
        #[derive(Default)]
        pub struct Greeter<T = u64> { greeted: T }
    };
    assert_snapshot!(shown(actor(args, item)));
}

#[test]
fn generated_calls_say_what_they_answer() {
    let item = quote! {
        impl Store {
            #[message]
            fn plain(&mut self, all: bool) {}
            #[message]
            async fn map(&self) -> HashMap<String, [u8; 4]> { todo!() }
            #[message]
            fn fallible(&mut self) -> Result<Box<dyn Fn(u64) -> u64 + Send>, Full> { todo!() }
            #[message]
            fn unit(&mut self) -> Result<(), Full> { todo!() }
            #[message]
            fn alias(&mut self) -> io::Result<&'static str> { todo!() }
            #[message]
            fn later(&mut self) -> Deferred<Self> { todo!() }
            #[message]
            fn stream(&mut self) -> impl Stream<Item = Vec<u8>> { todo!() }
        }
    };
    let text = shown(actor(TokenStream::new(), item));
    let answers: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// Answers"))
        .collect();
    assert_eq!(
        answers,
        [
            " with `HashMap<String, [u8; 4]>`.",
            " with `Box<dyn Fn(u64) -> u64 + Send>`, or fails with `Full`.",
            " when it is done, or fails with `Full`.",
            " with `io::Result<&'static str>`.",
            " with `Store`.",
            " with a stream of `Vec<u8>`.",
        ]
    );
}

#[test]
fn actor_struct_with_fields() {
    let item = quote! {
        pub struct Circle {
            /// From the middle to the edge.
            #[field(get, set)]
            radius: f64,
            #[field(get)]
            r#type: Kind,
            secret: u8,
        }
    };
    assert_snapshot!(shown(actor(quote!(), item)));
}

#[test]
fn part_impl() {
    let block = quote! {
        impl Playback {
            /// Plays a track.
            #[message]
            async fn play(&mut self, track: u32) -> Result<bool, NoSuchTrack> {}

            #[message(name = "stop")]
            fn stop(&self) {}

            fn rewind(&mut self) {}
        }
    };
    assert_snapshot!(shown(part(quote!(), block)));
}

#[test]
fn actor_impl_with_a_part() {
    let block = quote! {
        impl Player {
            /// Player of the tracks.
            #[part]
            fn playback(&mut self) -> &mut Playback { &mut self.playback }
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn actor_impl_with_a_batch() {
    let block = quote! {
        impl Model {
            /// Doubles numbers.
            #[message(batch = 32, within = "5ms", local)]
            async fn double(&mut self, numbers: Vec<u64>) -> Vec<u64> { numbers }

            #[message(batch = 4, local)]
            fn store(&mut self, rows: Vec<Row>) -> Result<(), Full> { Ok(()) }
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn actor_struct_and_message_with_priority() {
    let actor = actor(
        quote!(priority),
        quote!(
            struct Greeter;
        ),
    );
    let message = message(
        quote!(priority = 1, local),
        quote!(
            struct Greet;
        ),
    );
    assert_snapshot!(shown(quote!(#actor #message)));
}

#[test]
fn actor_impl() {
    let block = quote! {
        impl Greeter {
            #[handler]
            async fn greet(&mut self, Greet { name }: Greet) -> Greeting {
                Greeting { text: name }
            }

            /// Adds to the count.
            #[message]
            fn add(&mut self, by: u64) -> u64 { self.greeted += by; self.greeted }

            #[message(every = "500ms")]
            async fn tick(&mut self, ctx: &mut Context<Self>) {}
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn actor_impl_with_hooks() {
    let block = quote! {
        impl Greeter {
            #[on(create)]
            async fn create(args: Args, ctx: &mut Context<Self>) -> Result<Self, CreateError> {}

            #[on(start)]
            async fn started(&mut self) -> Result<(), StartError> {}

            #[on(stop)]
            fn stopped(&mut self, reason: &StopReason) {}

            #[on(error)]
            async fn failed(&mut self, error: HandlerError) -> Directive {}

            #[fallback]
            async fn other(&mut self, request: RequestEnvelope) {}
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn actor_impl_generic() {
    let block = quote! {
        impl<K: Eq + Hash, V: Clone> Cache<K, V> {
            #[message]
            fn get(&self, key: K) -> Result<Option<V>, Gone> {}
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

/// Expands to one block for each outcome of the condition.
#[test]
fn actor_impl_with_a_condition() {
    let block = quote! {
        impl Greeter {
            #[message]
            fn add(&mut self, by: u64) {}

            #[cfg(feature = "extra")]
            #[message]
            fn extra(&mut self, by: Extra) {}
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn protocol_trait() {
    let item = quote! {
        /// Messages of all felines.
        pub trait Feline: Debug {
            fn name(&self) -> &str;

            /// Says hello.
            #[message]
            fn greet(&self) -> String { format!("Hi, it's {}.", self.name()) }

            #[message(name = "meal")]
            async fn feed(&mut self, grams: u32, ctx: &mut Context<Self>) -> Result<u32, Full>;
        }
    };
    assert_snapshot!(shown(protocol(quote!(), item)));
}

#[test]
fn actor_impl_with_protocols() {
    let block = quote! {
        impl<T> Cat<T> {
            #[message]
            fn purr(&mut self) {}

            #[fallback]
            async fn other(&mut self, request: RequestEnvelope) {}
        }
    };
    let args = quote!(protocols(Feline, animals::Eater));
    assert_snapshot!(shown(actor(args, block)));
}

/// Expands to stand-ins, so that the compiler reports nothing besides the
/// mistakes.
#[test]
fn mistake() {
    let block = quote! {
        impl Greeter {
            #[message]
            fn count(&mut self, text: &str) -> usize { text.len() }

            #[message]
            fn add(by: u64) -> u64 { by }
        }
    };
    assert_snapshot!(shown(actor(quote!(), block)));
}

#[test]
fn entry() {
    let function = quote! {
        async fn main() -> conclib::Result {
            Ok(())
        }
    };
    assert_snapshot!(shown(main(quote!(), function)));
}

#[test]
fn entry_of_a_test() {
    let function = quote! {
        #[should_panic]
        async fn it_works() -> conclib::Result {
            Ok(())
        }
    };
    assert_snapshot!(shown(test(quote!(), function)));
}
