use conclib::prelude::*;

struct Opaque;

#[actor]
struct Slot<T>(Option<T>);

#[actor]
impl<T> Slot<T> {
    #[message]
    fn put(&mut self, value: T) {
        self.0 = Some(value);
    }
}

fn main() {
    let system = System::new("ui");
    let _ = system.spawn(Slot::<Opaque>(None));
}
