#[conclib::main]
struct Main;

fn main() {}
