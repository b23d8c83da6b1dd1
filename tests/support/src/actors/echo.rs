//! Actor of a library that runs anywhere.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

/// Repeats what it hears.
#[actor]
#[derive(Serialize, Deserialize)]
pub struct Echo;

#[actor]
impl Echo {
    #[message]
    fn echo(&mut self, text: String) -> String {
        text
    }

    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }
}
