//! Protocols in any place, beside any name.

use conclib::prelude::*;

/// Protocol from a macro whose tokens partly come from the caller.
macro_rules! adder {
    ($module:ident, $vis:vis $name:ident, $ty:ty, $by:ident, $wire:literal) => {
        /// A protocol.
        #[allow(unreachable_pub, reason = "as public as the caller says")]
        $vis mod $module {
            use conclib::prelude::*;

            /// Protocol that adds.
            #[protocol]
            $vis trait $name {
                /// Adds a number.
                #[message(name = $wire)]
                fn add(&mut self, $by: $ty) -> $ty;
            }
        }
    };
}
adder!(public, pub Public, u64, by, "add");
adder!(in_crate, pub(crate) InCrate, u8, to, "add8");

/// Parameters with the names of local variables in the expansion, and raw
/// identifiers.
#[protocol]
trait r#Match {
    #[message]
    fn r#type(
        &self,
        actor: u8,
        message: u8,
        ctx: u8,
        inbox: u8,
        r#fn: u8,
        _context: &mut Context<Self>,
    ) -> u8 {
        actor + message + ctx + inbox + r#fn
    }

    /// Message with the name of a generated method.
    #[message]
    fn turn(&mut self, nested: u8) -> u8 {
        nested
    }

    #[message]
    fn nest(&mut self) {}

    #[message]
    #[deprecated(note = "it is only here to be so")]
    fn serve(&mut self) {}

    /// Plain method, no message.
    #[expect(dead_code, reason = "nobody calls it")]
    fn plain<T>(&self, it: T) -> T {
        it
    }
}

/// Protocol without messages.
#[protocol]
trait Empty {}

#[actor]
struct All(u64);

#[actor(protocols(public::Public, in_crate::InCrate, r#Match, Empty,))]
impl All {
    /// Removed by its condition.
    #[cfg(any())]
    #[message]
    fn gone(&mut self, by: Gone) {}

    #[cfg(test)]
    #[message]
    fn here(&mut self) -> u64 {
        self.0
    }
}

impl public::Public for All {
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

impl r#Match for All {}
impl Empty for All {}

impl in_crate::InCrate for All {
    fn add(&mut self, to: u8) -> u8 {
        to + 1
    }
}

#[tokio::test]
async fn all_of_them() {
    use in_crate::InCrateAdd;
    use public::PublicCalls as _;

    let system = System::new("protocols");
    let all = system.spawn(All(1)).unwrap();
    assert_eq!(all.add(2).await.unwrap(), 3);
    assert_eq!(all.ask(InCrateAdd { to: 1 }).await.unwrap(), 2);
    assert_eq!(all.r#type(1, 2, 3, 4, 5).await.unwrap(), 15);
    assert_eq!(all.turn(7).await.unwrap(), 7);
    all.nest().await.unwrap();
    assert_eq!(all.here().await.unwrap(), 3);
}

#[tokio::test]
async fn in_a_function() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Hidden(u64);

    #[protocol]
    trait Inside {
        #[message]
        fn put(&mut self, hidden: Hidden) -> Hidden;
    }

    #[actor]
    struct Inner<T>(Vec<T>);

    #[actor(protocols(Inside))]
    impl<T> Inner<T> {}

    impl<T> Inside for Inner<T> {
        fn put(&mut self, hidden: Hidden) -> Hidden {
            self.0.clear();
            hidden
        }
    }

    let system = System::new("protocols");
    let inner = system.spawn(Inner(vec!["a"])).unwrap();
    assert_eq!(inner.put(Hidden(2)).await.unwrap(), Hidden(2));
}
