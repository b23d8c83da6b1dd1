use conclib::prelude::*;

struct Plain;

fn main() {
    let system = System::new("ui");
    let _ = system.spawn(Plain);
}
