//! A field that can only be read has no setter.
use conclib::prelude::*;

#[actor]
struct Circle {
    #[field(get)]
    radius: f64,
}

#[actor(protocols(CircleFields))]
impl Circle {}

async fn use_it(circle: ActorRef<Circle>) -> conclib::Result {
    let _: f64 = circle.radius().await?;
    circle.set_radius(2.0).await?;
    Ok(())
}

fn main() {}
