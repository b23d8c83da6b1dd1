use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {}

fn main() {
    let system = System::new("ui");
    let _ = system.actor(Counter(0)).restart(Restart::on_failure());
}
