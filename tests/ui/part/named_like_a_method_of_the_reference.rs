use conclib::prelude::*;

struct Machine;

#[part]
impl Machine {
    #[message]
    fn stop(&mut self) {}

    #[message]
    fn clone(&self) -> u8 {
        1
    }
}

#[actor]
struct Plant(Machine);

#[actor]
impl Plant {
    #[part]
    fn state(&mut self) -> &mut Machine {
        &mut self.0
    }
}

fn main() {}
