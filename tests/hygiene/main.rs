//! Expansions compile in any place, beside any name, and under any lint.
#![cfg(feature = "macros")]
#![forbid(unsafe_code)]
#![deny(
    missing_docs,
    unreachable_pub,
    unused,
    clippy::all,
    clippy::pedantic,
    reason = "an expansion is as clean as the code around it"
)]

extern crate conclib as other;

mod attributes;
mod bare;
mod forms;
mod generics;
mod hooks;
mod names;
mod parts;
mod places;
mod protocols;
mod renamed;

#[tokio::test]
async fn bare() {
    use bare::{Bare, BareCalls as _, DoublesCalls as _, Greet, Step};

    let system = conclib::System::new("bare");
    let bare = system.create::<Bare>(3).spawn().unwrap();
    let name = "Ada".to_owned();
    assert_eq!(bare.ask(Greet { name }).await.unwrap(), "Ada");
    let both = Step::Both { left: 1, right: 2 };
    assert_eq!(bare.ask(both).await.unwrap(), 3);
    assert_eq!(bare.ask(Step::Left).await.unwrap(), 0);
    assert_eq!(bare.ask(Step::Right(4)).await.unwrap(), 4);
    assert_eq!(bare.half(8).await.unwrap(), 4);
    assert_eq!(bare.double(4).await.unwrap(), 8);
    assert_eq!(bare.keep(String::new()).await.unwrap(), 1);
}
