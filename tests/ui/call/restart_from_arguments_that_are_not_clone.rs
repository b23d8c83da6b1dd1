use conclib::prelude::*;

struct Seed(u64);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(create)]
    fn create(seed: Seed) -> Result<Self, String> {
        Ok(Self(seed.0))
    }
}

fn main() {
    let system = System::new("ui");
    let _ = system
        .create::<Counter>(Seed(0))
        .restart(Restart::on_failure());
}
