use conclib::prelude::*;

#[message(reply = String)]
struct Greet(String);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    fn greet(&mut self, Greet(name): Greet) -> String {
        name
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(0))?;
    println!("{}", counter.ask(Greet("Ada".into())).await?);
    Ok(())
}
