use conclib::prelude::*;

struct Stack<T>(Vec<T>);

#[part]
impl Stack<u8> {
    #[message]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[actor]
struct Cache<T>(Stack<T>);

#[actor]
impl<T> Cache<T> {
    #[part]
    fn stack(&mut self) -> &mut Stack<T> {
        &mut self.0
    }
}

fn main() {}
