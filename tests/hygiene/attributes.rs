//! Attributes on methods are kept, and an item with a false `cfg` is left out
//! everywhere.

use conclib::prelude::*;

#[actor]
#[derive(Default)]
struct Conditional(u64);

#[actor]
impl Conditional {
    #[message]
    #[cfg(not(test))]
    fn gone(&mut self, with: Gone) -> Gone {
        with
    }

    #[cfg(not(test))]
    #[handler]
    fn gone_too(&mut self, gone: Gone) -> u64 {
        0
    }

    #[cfg(test)]
    #[message]
    fn there(&mut self) -> u64 {
        self.0
    }

    /// The same name under the other condition.
    #[cfg(test)]
    #[message]
    fn gone(&mut self, #[cfg(not(test))] without: Gone, with: u64) -> u64 {
        with
    }

    #[cfg_attr(test, message(name = "set"))]
    fn set_to(&mut self, to: u64) {
        self.0 = to;
    }

    #[cfg_attr(not(test), message)]
    fn plain(&self, more: &str) -> usize {
        more.len() + usize::from(self.0 == 0)
    }

    #[cfg(not(test))]
    #[on(start)]
    fn started(&mut self) {
        self.0 = 100;
    }

    #[on(start)]
    fn ready(&mut self) {
        self.0 = 1;
    }

    #[message]
    #[deprecated = "ask `there`"]
    #[must_use]
    #[allow(clippy::unused_self, reason = "it is an attribute")]
    #[inline]
    fn old(&self) -> u64 {
        3
    }
}

#[tokio::test]
async fn they_stay() {
    let system = System::new("attributes");
    let actor = system.spawn(Conditional::default()).unwrap();
    assert_eq!(actor.there().await.unwrap(), 1);
    actor.set_to(2).await.unwrap();
    assert_eq!(ConditionalSetTo::NAME, "set");
    assert_eq!(actor.gone(5).await.unwrap(), 5);
    assert_eq!(Conditional(0).plain("one"), 4);
    #[expect(deprecated, reason = "a call is as deprecated as its method")]
    let old = actor.old();
    assert_eq!(old.await.unwrap(), 3);
    assert_eq!(
        <<Conditional as Actor>::Inbox as conclib::traits::Messages>::NAMES,
        ["there", "gone", "set", "old"]
    );
}
