use conclib::prelude::*;

struct Playback;

#[part]
impl Playback {
    #[message]
    fn play(&mut self, ctx: &mut Context<Self>) -> bool {
        ctx.stop();
        true
    }
}

fn main() {}
