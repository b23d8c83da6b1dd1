//! The program of the design document, as a user writes it.

use std::time::Duration;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[message(reply = Greeting)]
pub struct Greet {
    pub name: String,
}

#[message]
pub struct Greeting {
    pub text: String,
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("a name is not empty")]
pub struct EmptyName;

#[actor(urn = "greeter", mailbox = 256)]
#[derive(Default)]
pub struct Greeter {
    greeted: u64,
    name: String,
    ticks: u64,
}

#[actor]
impl Greeter {
    /// Handles a declared message.
    #[handler]
    async fn greet(&mut self, Greet { name }: Greet) -> Greeting {
        self.greeted += 1;
        Greeting {
            text: format!("Hello, {name}!"),
        }
    }

    /// A method that is its own message.
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.greeted += by;
        self.greeted
    }

    /// Errors of the domain are values.
    #[message]
    async fn rename(&mut self, to: String, ctx: &mut Context<Self>) -> Result<Urn, EmptyName> {
        if to.is_empty() {
            return Err(EmptyName);
        }
        self.name = to;
        Ok(ctx.urn())
    }

    #[message(every = "500ms")]
    async fn tick(&mut self) {
        self.ticks += 1;
    }

    #[message]
    fn ticks(&self) -> u64 {
        self.ticks
    }
}

#[support::test(start_paused = true)]
async fn the_design_program_runs() -> conclib::Result {
    let system = System::new("hello");
    let greeter = system.spawn(Greeter::default())?;

    let greeting = greeter.ask(Greet { name: "Ada".into() }).await?;
    assert_eq!(greeting.text, "Hello, Ada!");
    assert_eq!(greeter.add(2).timeout(Duration::from_secs(1)).await?, 3);
    greeter.add(3).tell().await?;
    let later: Reply<u64> = greeter.add(4).reply().await?;
    assert_eq!(later.await?, 10);
    assert_eq!(greeter.ask(GreeterAdd { by: 0 }).await?, 10);

    let error = greeter.rename(String::new()).await.unwrap_err();
    assert_eq!(error, AskError::Handler(EmptyName));
    assert_eq!(greeter.rename("Eve".into()).await?, "greeter");
    assert_eq!(greeter.to_string(), "Greeter (greeter)");

    assert_eq!(greeter.ticks().await?, 1);
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(greeter.ticks().await?, 2);

    let report = system.shutdown().await;
    assert_eq!((report.stopped, report.is_clean()), (1, true));
    Ok(())
}

#[actor]
struct Journal(Vec<JournalNote>);

#[actor]
impl Journal {
    #[message(derive(Debug, Clone, PartialEq))]
    fn note(&mut self, text: String, pages: Vec<u32>) -> usize {
        self.0.push(JournalNote { text, pages });
        self.0.len()
    }
}

#[support::test]
async fn a_message_of_a_method_has_the_traits_that_it_derives() -> conclib::Result {
    let system = System::new("derives");
    let journal = system.spawn(Journal(Vec::new()))?;
    let note = JournalNote {
        text: "day one".into(),
        pages: vec![1, 2],
    };
    assert_eq!(journal.ask(note.clone()).await?, 1);
    journal.tell(note.clone()).await?;
    assert_eq!(journal.ask(note.clone()).await?, 3);
    let shown = format!("{note:?}");
    assert_eq!(shown, r#"JournalNote { text: "day one", pages: [1, 2] }"#);
    Ok(())
}
