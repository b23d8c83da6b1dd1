use conclib::prelude::*;

#[message(batch = 8)]
struct Declared;

#[actor]
#[derive(Default)]
struct Model;

#[actor]
impl Model {
    #[message(batch = 1)]
    fn of_one(&mut self, numbers: Vec<u64>) -> Vec<u64> {
        numbers
    }

    #[message(within = "5ms")]
    fn of_none(&mut self, numbers: Vec<u64>) -> Vec<u64> {
        numbers
    }

    #[message(batch = 8, concurrent)]
    async fn beside(numbers: Vec<u64>) -> Vec<u64> {
        numbers
    }

    #[message(batch = 8, every = "1s")]
    fn tick(&mut self) {}
}

#[protocol]
trait Doubles {
    #[message(batch = 8)]
    fn double(&mut self, numbers: Vec<u64>) -> Vec<u64>;
}

#[tokio::main]
async fn main() {
    let system = System::new("ui");
    let model = system.spawn(Model).unwrap();
    model.of_one(1).await.unwrap();
    model.of_none(vec![1]).await.unwrap();
}
