use std::rc::Rc;

use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: Rc<u64>) -> u64 {
        self.0 += *by;
        self.0
    }

    #[message]
    fn change(&mut self, how: Option<Box<dyn Fn(u64) -> u64>>) {
        self.0 = how.map_or(0, |how| how(self.0));
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(0))?;
    counter.change(None::<Box<dyn Fn(u64) -> u64>>).await?;
    println!("{}", counter.add(Rc::new(2)).await?);
    Ok(())
}
