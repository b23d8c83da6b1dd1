#[conclib::test]
async fn it_works(system: conclib::System, number: u32) {
    let _ = (system, number);
}

fn main() {}
