use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn get(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        reply.send(1);
        reply.send(2);
        deferred
    }
}

fn main() {}
