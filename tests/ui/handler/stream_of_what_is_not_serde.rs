use conclib::prelude::*;

struct Word(String);

#[actor]
struct Reader;

#[actor]
impl Reader {
    #[message]
    fn words(&mut self) -> impl Stream<Item = Word> {
        futures_util::stream::iter([Word("one".into())])
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("reader", ReaderWords {}).await?;
    Ok(())
}

fn main() {}
