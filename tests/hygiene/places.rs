//! Actors in places other than a module of their own.

use conclib::prelude::*;

/// Actor from a macro whose tokens partly come from the caller.
macro_rules! counter {
    ($module:ident, $vis:vis $name:ident, $ty:ty, $by:ident) => {
        /// A counter.
        #[allow(unreachable_pub, reason = "as public as the caller says")]
        $vis mod $module {
            use conclib::prelude::*;

            /// Counter actor.
            #[actor]
            #[derive(Default)]
            $vis struct $name($ty);

            #[actor]
            impl $name {
                /// Adds a number.
                #[message]
                $vis fn add(&mut self, $by: $ty) -> $ty {
                    self.0 += $by;
                    self.0
                }

                /// Returns the number.
                #[message]
                $vis async fn get(&mut self, ctx: &mut Context<Self>) -> Result<$ty, Fault> {
                    assert!(ctx.system().get::<Self>("none").is_err());
                    Ok(self.0)
                }
            }
        }
    };
}
counter!(public, pub Public, u64, by);
counter!(in_crate, pub(crate) InCrate, u8, by);

#[tokio::test]
async fn made_by_a_macro() {
    use in_crate::InCrateCalls;
    use public::PublicCalls;
    let system = System::new("places");
    let public = system.spawn(public::Public::default()).unwrap();
    assert_eq!(public.add(2).await.unwrap(), 2);
    assert_eq!(public.get().await.unwrap(), 2);
    let in_crate = system.spawn(in_crate::InCrate::default()).unwrap();
    assert_eq!(in_crate.add(3).await.unwrap(), 3);
}

#[tokio::test]
async fn in_a_function() {
    #[message(reply = u64)]
    struct Get;

    #[actor]
    struct Inner(u64);

    #[actor]
    impl Inner {
        #[handler]
        fn get(&mut self, _: Get) -> u64 {
            self.0
        }

        #[message]
        fn add(&mut self, by: u64) -> u64 {
            self.0 += by;
            self.0
        }
    }

    let system = System::new("places");
    let inner = system.spawn(Inner(1)).unwrap();
    assert_eq!(inner.add(1).await.unwrap(), 2);
    assert_eq!(inner.ask(Get).await.unwrap(), 2);
}

mod conditional {
    use conclib::prelude::*;

    #[actor]
    pub(super) struct Inner(pub(super) u64);

    #[cfg(not(test))]
    #[actor]
    impl Inner {
        #[message]
        fn get(&self) -> u64 {
            0
        }
    }

    #[cfg(test)]
    #[actor]
    impl Inner {
        #[message]
        fn get(&self) -> u64 {
            self.0
        }
    }
}

#[tokio::test]
async fn actors_of_one_name_and_types_named_like_their_messages_in_other_scopes() {
    use conditional::InnerCalls as _;

    mod other {
        pub(super) struct InnerGet(pub(super) u64);
    }

    #[actor]
    struct Inner;

    #[actor]
    impl Inner {
        #[message]
        fn get(&self) -> u64 {
            struct InnerGet(u64);
            InnerGet(other::InnerGet(2).0).0
        }
    }

    let system = System::new("places");
    let conditional = system.spawn(conditional::Inner(1)).unwrap();
    assert_eq!(conditional.get().await.unwrap(), 1);
    let inner = system.spawn(Inner).unwrap();
    assert_eq!(inner.get().await.unwrap(), 2);
}

mod elsewhere {
    #[conclib::actor]
    pub(super) struct Elsewhere(pub(super) u64);
}

#[conclib::actor]
impl elsewhere::Elsewhere {
    #[conclib::message]
    fn get(&self) -> u64 {
        self.0
    }
}

#[tokio::test]
async fn impl_in_another_module() {
    let system = System::new("places");
    let actor = system.spawn(elsewhere::Elsewhere(5)).unwrap();
    assert_eq!(actor.get().await.unwrap(), 5);
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Hidden(u64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it is zero")]
struct Zero;

#[message(reply = Hidden)]
struct Get;

#[actor]
struct Private(u64);

#[actor]
impl Private {
    #[handler]
    fn get(&mut self, _: Get) -> Hidden {
        Hidden(self.0)
    }

    /// A message is as visible as its method.
    #[message]
    #[allow(
        clippy::needless_pub_self,
        reason = "it says how visible the message is"
    )]
    pub(self) fn put(&mut self, hidden: Hidden) -> Hidden {
        self.0 = hidden.0;
        hidden
    }

    /// A message without a visibility may answer with private types, too.
    #[message]
    fn half(&self) -> Result<Hidden, Zero> {
        match self.0 {
            0 => Err(Zero),
            value => Ok(Hidden(value / 2)),
        }
    }
}

#[tokio::test]
async fn of_private_types() {
    let system = System::new("places");
    let actor = system.spawn(Private(1)).unwrap();
    assert_eq!(actor.put(Hidden(2)).await.unwrap(), Hidden(2));
    assert_eq!(actor.ask(Get).await.unwrap(), Hidden(2));
    assert_eq!(actor.half().await, Ok(Hidden(1)));
    actor.put(Hidden(0)).await.unwrap();
    assert_eq!(actor.half().await, Err(AskError::Handler(Zero)));
}

/// Without messages of its own an actor has no trait of calls, and so nothing takes its name.
#[support::test]
async fn an_actor_without_calls_beside_a_type_named_like_them() {
    #[message(reply = u64)]
    struct Number;

    struct QuietCalls(u64);

    #[actor]
    struct Quiet;

    #[actor]
    impl Quiet {
        #[handler]
        fn number(&mut self, _: Number) -> u64 {
            QuietCalls(3).0
        }
    }

    let system = System::new("places");
    let quiet = system.spawn(Quiet).unwrap();
    assert_eq!(quiet.ask(Number).await.unwrap(), 3);
}
