use conclib::prelude::*;

#[conclib::main]
async fn main(system: System, args: Vec<String>) {
    drop((system, args));
}
