//! Package that depends on all crates below the facade, with all their features. The facade is
//! checked beside it with each pair of features, so that only the facade is checked anew.
