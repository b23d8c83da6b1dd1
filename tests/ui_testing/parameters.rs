#[conclib::test]
async fn it_works(system: conclib::System, number: u32) {
    let _ = (system, number);
}

#[conclib::test]
async fn it_works_with_a_number(number: u32) {
    let _ = number;
}

fn main() {}
