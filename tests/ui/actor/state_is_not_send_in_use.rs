use conclib::prelude::*;

#[actor]
struct Counter(std::rc::Rc<u64>);

#[actor]
impl Counter {
    #[message]
    async fn add(&mut self, by: u64) -> u64 {
        by + *self.0
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(std::rc::Rc::new(0)))?;
    println!("{}", counter.add(2).await?);
    Ok(())
}
