use conclib::prelude::*;

#[actor]
struct Counter<'a> {
    name: &'a str,
}

#[actor]
impl<'a> Counter<'a> {
    #[message]
    fn name(&self) -> String {
        self.name.to_owned()
    }
}

async fn use_it(system: System) -> conclib::Result {
    let counter = system.spawn(Counter { name: "one" })?;
    let name: String = counter.name().await?;
    drop(name);
    Ok(())
}

fn main() {}
