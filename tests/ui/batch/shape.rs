use conclib::prelude::*;

#[actor]
#[derive(Default)]
struct Model;

#[actor]
impl Model {
    #[message(batch = 8)]
    fn one(&mut self, number: u64) -> u64 {
        number
    }

    #[message(batch = 8)]
    fn two(&mut self, left: Vec<u64>, right: Vec<u64>) -> Vec<u64> {
        [left, right].concat()
    }

    #[message(batch = 8)]
    fn sum(&mut self, numbers: Vec<u64>) -> u64 {
        numbers.iter().sum()
    }

    #[message(batch = 8)]
    fn later(&mut self, numbers: Vec<u64>) -> Deferred<u64> {
        Deferred::ready(numbers[0])
    }
}

#[tokio::main]
async fn main() {
    let system = System::new("ui");
    let model = system.spawn(Model).unwrap();
    model.sum(1).await.unwrap();
}
