use conclib::prelude::*;

struct Stack<T>(Vec<T>);

#[part]
impl<T> Stack<T> {
    #[message]
    fn len(&self) -> usize {
        self.0.len()
    }
}

fn main() {}
