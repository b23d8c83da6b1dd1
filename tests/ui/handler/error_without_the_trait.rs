use conclib::prelude::*;

#[derive(Debug)]
struct Full;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, n: u64) -> Result<u64, Full> {
        self.0 += n;
        if self.0 > 10 { Err(Full) } else { Ok(self.0) }
    }
}

async fn add(counter: &ActorRef<Counter>) -> conclib::Result<u64> {
    Ok(counter.add(1).await?)
}

fn main() {}
