use std::error::Error;
use std::fmt;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("full")
    }
}

impl Error for Full {}

#[actor]
#[derive(Default)]
struct Store;

#[actor]
impl Store {
    #[message(batch = 8)]
    fn store(&mut self, numbers: Vec<u64>) -> Result<(), Full> {
        let _ = numbers;
        Err(Full)
    }
}

#[tokio::main]
async fn main() {
    let system = System::new("ui");
    let store = system.spawn(Store).unwrap();
    store.store(1).await.unwrap();
}
