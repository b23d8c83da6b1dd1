use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, ctx: &mut Context<Self>, by: u64) {
        ctx.stop();
        self.0 += by;
    }
}

fn main() {}
