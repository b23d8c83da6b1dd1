#[conclib::main]
fn main() {}
