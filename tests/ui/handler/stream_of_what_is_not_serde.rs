use std::pin::Pin;
use std::task::{self, Poll};

use conclib::prelude::*;

struct Word(String);

struct Words;

impl Stream for Words {
    type Item = Word;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Word>> {
        Poll::Ready(Some(Word("one".into())))
    }
}

#[actor]
struct Reader;

#[actor]
impl Reader {
    #[message]
    fn words(&mut self) -> impl Stream<Item = Word> {
        Words
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("reader", ReaderWords {}).await?;
    Ok(())
}

fn main() {}
