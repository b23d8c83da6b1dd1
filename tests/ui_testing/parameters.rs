#[conclib::test]
async fn it_works(system: conclib::System) {
    let _ = system;
}

fn main() {}
