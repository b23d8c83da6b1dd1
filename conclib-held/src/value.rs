//! Single value.

use conclib_macros::actor;

use crate::element::Element;

/// Value that its holders read and write.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let value = system.spawn(Value::new(1))?;
/// assert_eq!(value.replace(2).await?, 1);
/// assert!(value.compare_and_set(2, 3).await?);
/// assert!(!value.compare_and_set(2, 4).await?);
/// assert_eq!(value.get().await?, 3);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug, Clone, Default)]
pub struct Value<T>(T);

impl<T> Value<T> {
    /// Creates the object with its first value.
    pub fn new(value: T) -> Self {
        Self(value)
    }
}

#[actor(crate = conclib_core)]
impl<T: Element + PartialEq> Value<T> {
    /// Returns the value.
    #[message]
    fn get(&mut self) -> T {
        self.0.clone()
    }

    /// Sets the value.
    #[message]
    fn set(&mut self, value: T) {
        self.0 = value;
    }

    /// Sets the value, and returns the former one.
    #[message]
    fn replace(&mut self, value: T) -> T {
        std::mem::replace(&mut self.0, value)
    }

    /// Sets the value if it is the expected one; tells whether it was.
    #[message]
    fn compare_and_set(&mut self, expected: T, value: T) -> bool {
        let is_equal = self.0 == expected;
        if is_equal {
            self.0 = value;
        }
        is_equal
    }
}
