use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64, ctx: Context<Self>) {
        ctx.stop();
        self.0 += by;
    }
}

fn main() {}
