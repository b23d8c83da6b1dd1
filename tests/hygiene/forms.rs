//! Forms of messages and of what a method returns.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[actor]
struct Silent;

#[actor]
impl Silent {}

#[message]
struct Unit;

#[message(reply = u64)]
struct Tuple(u64, u64);

#[message(reply = u64, name = "named")]
#[derive(Debug, Clone, Serialize)]
struct Named {
    value: u64,
}

#[message(reply = Tree)]
#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum Tree {
    Leaf,
    Node { left: Box<Tree>, right: Box<Self> },
}

#[message(reply = u64)]
struct Conditional {
    value: u64,
    #[cfg(not(test))]
    gone: Gone,
}

type Short<T> = Result<T, Broken>;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("broken")]
#[allow(unreachable_pub, reason = "the error of a message that is `pub`")]
pub struct Broken;

mod aliases {
    pub(super) type Result<T> = std::result::Result<T, super::Broken>;
}

#[actor(urn = "forms")]
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[allow(unreachable_pub, reason = "the reply of a message that is `pub`")]
pub enum Forms {
    Fresh,
    Used(u64),
}

#[actor]
impl Forms {
    const START: u64 = 7;

    fn plain(&self) -> u64 {
        match self {
            Self::Fresh => Self::START,
            Self::Used(n) => *n,
        }
    }

    #[handler]
    fn unit(&mut self, _: Unit) {
        *self = Self::Used(self.plain() + 1);
    }

    #[handler]
    fn tuple(&mut self, Tuple(a, b): Tuple) -> u64 {
        a + b
    }

    #[handler]
    async fn named(&self, named: Named, _ctx: &mut Context<Self>) -> u64 {
        named.value
    }

    #[handler]
    fn tree(&mut self, tree: Tree) -> Tree {
        tree
    }

    #[handler]
    fn conditional(&mut self, conditional: Conditional) -> u64 {
        conditional.value
    }

    #[message]
    fn swap(&mut self, with: Self) -> Self {
        std::mem::replace(self, with)
    }

    #[message]
    fn both(&self, with: Vec<Self>) -> Option<(Self, usize)> {
        Some((self.clone(), with.len()))
    }

    #[message]
    fn aliased(&self, fine: bool) -> aliases::Result<u64> {
        if fine { Ok(1) } else { Err(Broken) }
    }

    /// A token that is not `Result` is a value.
    #[message(local)]
    fn value(&self) -> Short<u64> {
        Err(Broken)
    }

    #[message(local)]
    fn io(&self) -> std::io::Result<u64> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    #[message]
    fn later(&self, fine: bool, ctx: &mut Context<Self>) -> Deferred<u64, Broken> {
        let (reply, deferred) = ctx.defer();
        if fine {
            reply.send(2);
        } else {
            reply.fail(Broken);
        }
        deferred
    }

    #[message]
    fn mutable(&self, mut text: String) -> String {
        text.push('!');
        text
    }

    #[message(local)]
    fn closure(&self, f: Box<dyn Fn(&str) -> usize + Send>, g: fn(&str) -> usize) -> usize {
        f("one") + g("three")
    }
}

#[tokio::test]
async fn they_run() {
    let system = System::new("forms");
    let silent = system.spawn(Silent).unwrap();
    let actor = system.spawn(Forms::Fresh).unwrap();
    actor.ask(Unit).await.unwrap();
    assert_eq!(actor.ask(Tuple(1, 2)).await.unwrap(), 3);
    assert_eq!(actor.ask(Named { value: 4 }).await.unwrap(), 4);
    assert_eq!(Named::NAME, "named");
    let tree = Tree::Node {
        left: Box::new(Tree::Leaf),
        right: Box::new(Tree::Leaf),
    };
    assert_eq!(actor.ask(tree.clone()).await.unwrap(), tree);
    assert_eq!(actor.ask(Conditional { value: 5 }).await.unwrap(), 5);
    assert_eq!(actor.swap(Forms::Fresh).await.unwrap(), Forms::Used(8));
    let both = actor.both(vec![Forms::Fresh]).await.unwrap();
    assert_eq!(both, Some((Forms::Fresh, 1)));
    assert_eq!(actor.aliased(true).await.unwrap(), 1);
    let error = actor.aliased(false).await.unwrap_err();
    assert_eq!(error, AskError::Handler(Broken));
    assert_eq!(actor.value().await.unwrap(), Err(Broken));
    assert!(matches!(actor.io().await, Err(AskError::Handler(_))));
    assert_eq!(actor.later(true).await.unwrap(), 2);
    let error = actor.later(false).await.unwrap_err();
    assert_eq!(error, AskError::Handler(Broken));
    assert_eq!(actor.mutable("a".into()).await.unwrap(), "a!");
    let lengths = actor.closure(Box::new(str::len), str::len);
    assert_eq!(lengths.await.unwrap(), 8);
    silent.stop().await;
}
