//! Package of the mistakes: it depends on no more than they need, since each of its
//! dependencies is checked once more for them.
