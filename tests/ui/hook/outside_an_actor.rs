use conclib::on;

#[on(start)]
fn start() {}

fn main() {}
