//! A plain method of a protocol cannot be called through a reference.
use conclib::prelude::*;

#[protocol]
trait Parent {
    #[message]
    fn greet(&self) -> String {
        self.private()
    }

    fn private(&self) -> String {
        "It's Parent.".to_owned()
    }
}

#[actor]
struct Child;

#[actor(protocols(Parent))]
impl Child {}

impl Parent for Child {}

async fn use_it(child: ActorRef<Child>) -> conclib::Result {
    let _: String = child.greet().await?;
    child.private().await?;
    Ok(())
}

fn main() {}
