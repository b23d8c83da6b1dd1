//! A method of a protocol holds across an await what cannot change threads.
use std::rc::Rc;

use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    async fn feed(&mut self, grams: u32);
}

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

impl Feline for Cat {
    async fn feed(&mut self, grams: u32) {
        let bowl = Rc::new(grams);
        std::future::ready(()).await;
        drop(bowl);
    }
}

fn main() {}
