use conclib::prelude::*;

struct Deck;

#[part]
impl Deck {
    #[message]
    fn play(&mut self) -> bool {
        true
    }
}

#[actor]
struct Mixer {
    left: Deck,
    right: Deck,
}

#[actor]
impl Mixer {
    #[part]
    fn left(&mut self) -> &mut Deck {
        &mut self.left
    }

    #[part]
    fn right(&mut self) -> &mut Deck {
        &mut self.right
    }
}

fn main() {}
