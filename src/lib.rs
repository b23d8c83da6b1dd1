//! One actor for every place.
