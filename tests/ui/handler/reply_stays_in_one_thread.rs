use std::rc::Rc;

use conclib::prelude::*;

#[actor]
struct Counter(Vec<u64>);

#[actor]
impl Counter {
    #[message]
    fn all(&self) -> Rc<[u64]> {
        self.0.clone().into()
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let counter = System::new("ui").spawn(Counter(Vec::new()))?;
    counter.all().await?;
    Ok(())
}
