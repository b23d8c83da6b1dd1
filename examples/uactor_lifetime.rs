//! An actor that belongs to a block and ends with it, and one that is told to end. Each has a process
//! of its own, and tells an actor of this process of its life.
#![allow(clippy::print_stdout, reason = "a program")]

use std::process;

use conclib::prelude::*;

#[message]
struct Note {
    process: u32,
    text: String,
}

#[actor]
struct Diary;

#[actor]
impl Diary {
    #[handler]
    fn note(&mut self, Note { process, text }: Note) {
        assert_ne!(process, process::id());
        println!("{text}");
    }
}

#[actor]
struct Guest {
    diary: Recipient<Note>,
}

impl Guest {
    async fn note(&self, text: &str) -> Result<(), AskError> {
        let (process, text) = (process::id(), text.to_owned());
        self.diary.ask(Note { process, text }).await
    }
}

#[actor]
impl Guest {
    #[on(create)]
    async fn create(diary: Recipient<Note>) -> Result<Self, AskError> {
        let guest = Self { diary };
        guest.note("Initialized").await?;
        Ok(guest)
    }

    #[message]
    async fn enter(&mut self) -> Result<(), AskError> {
        self.note("Context enter").await
    }

    #[message]
    async fn leave(&mut self) -> Result<(), AskError> {
        self.note("Context exit").await
    }

    #[on(stop)]
    async fn stop(&mut self) {
        if self.note("Shutdown").await.is_err() {
            println!("nobody reads the diary any more");
        }
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let diary = system.spawn(Diary)?;
    let ended = {
        let guest = system.create::<Guest>(diary.recipient()).in_process();
        let guest = guest.spawn().await?.scoped();
        guest.enter().await?;
        guest.leave().tell().await?;
        guest.clone()
    };
    // The end of the block stopped it, after its queued messages.
    ended.stopped().await;

    let guest = system.create::<Guest>(diary.recipient()).in_process();
    let guest = guest.spawn().await?;
    guest.stop().await;
    // Stopping it again is allowed.
    guest.stop().await;
    Ok(())
}
