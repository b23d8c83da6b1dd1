//! Fields and parts in any place, beside any name.

use conclib::prelude::*;

/// Actor from a macro whose tokens partly come from the caller.
macro_rules! holder {
    ($vis:vis $name:ident, $fields:path, $field:ident: $ty:ty, $part:ident: $of:ty) => {
        #[actor]
        $vis struct $name {
            /// Value inside.
            #[field(get, set)]
            $field: $ty,
            $part: $of,
        }

        #[actor(protocols($fields))]
        impl $name {
            #[part]
            fn $part(&mut self) -> &mut $of {
                &mut self.$part
            }
        }
    };
}
holder!(Holder, HolderFields, it: Option<u8>, r#match: r#Match);

/// Parameters with the names of local variables in the expansion, and raw
/// identifiers.
struct r#Match {
    times: u8,
}

#[part]
impl r#Match {
    #[message]
    fn r#type(&mut self, owner: u8, to: u8, message: u8, inbox: u8) -> u8 {
        self.times += 1;
        owner + to + message + inbox
    }

    /// Message with the name of a generated method and of a method of
    /// references.
    #[message]
    async fn turn(&self) -> u8 {
        self.times
    }

    #[message]
    fn actor(&self) {}

    #[message]
    fn stop(&self) {}

    #[message]
    #[deprecated(note = "it is only here to be so")]
    fn ask(&self) {}

    #[cfg(any())]
    #[message]
    fn gone(&self, by: Gone) {}

    #[cfg(test)]
    #[message(local)]
    pub(self) fn here(&self) -> Self {
        Self { times: self.times }
    }
}

/// Part without messages.
struct Empty;

#[part]
impl Empty {}

#[actor]
struct Hollow {
    #[field(get)]
    r#type: u8,
    empty: Empty,
}

#[actor(protocols(HollowFields))]
impl Hollow {
    #[part]
    #[deprecated(note = "it is only here to be so")]
    fn empty(&mut self) -> &mut Empty {
        &mut self.empty
    }

    #[cfg(any())]
    #[part]
    fn gone(&mut self) -> &mut Gone {
        &mut self.gone
    }
}

#[tokio::test]
async fn all_of_them() {
    let system = System::new("parts");
    let it = Holder {
        it: None,
        r#match: r#Match { times: 0 },
    };
    let it = system.spawn(it).unwrap();
    it.set_it(Some(2)).await.unwrap();
    assert_eq!(it.it().await.unwrap(), Some(2));
    assert_eq!(it.r#match().r#type(1, 2, 3, 4).await.unwrap(), 10);
    it.r#match().actor().await.unwrap();
    it.r#match().stop().await.unwrap();
    assert_eq!(it.r#match().turn().await.unwrap(), 1);
    assert_eq!(it.r#match().here().await.unwrap().times, 1);
    let hollow = Hollow {
        r#type: 3,
        empty: Empty,
    };
    assert_eq!(system.spawn(hollow).unwrap().r#type().await.unwrap(), 3);
}

#[tokio::test]
async fn in_a_function() {
    struct Inside(u8);

    #[part]
    impl Inside {
        #[message]
        fn get(&self) -> u8 {
            self.0
        }
    }

    #[actor]
    struct Outside {
        #[field(get)]
        name: String,
        inside: Inside,
    }

    #[actor(protocols(OutsideFields))]
    impl Outside {
        #[part]
        fn inside(&mut self) -> &mut Inside {
            &mut self.inside
        }
    }

    let system = System::new("parts");
    let outside = Outside {
        name: "out".into(),
        inside: Inside(4),
    };
    let outside = system.spawn(outside).unwrap();
    assert_eq!(outside.inside().get().await.unwrap(), 4);
    assert_eq!(outside.name().await.unwrap(), "out");
}
