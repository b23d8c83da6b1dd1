use conclib::prelude::*;

struct Player(u8);

impl Player {
    #[part]
    fn volume(&mut self) -> &mut u8 {
        &mut self.0
    }
}

fn main() {}
