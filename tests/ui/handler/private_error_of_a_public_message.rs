//! A message is as visible as its method, and `pub` if the method has none.
use conclib::prelude::*;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("full")
    }
}

impl std::error::Error for Full {}

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
