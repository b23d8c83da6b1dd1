//! A message is as visible as its method, and `pub` if the method has none.
use conclib::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("full")]
struct Full;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> Result<u64, Full> {
        self.0 = self.0.checked_add(by).ok_or(Full)?;
        Ok(self.0)
    }
}

fn main() {}
