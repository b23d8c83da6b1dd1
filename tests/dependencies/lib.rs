//! Package that depends on crates of others with all features that a build of the tests asks for.
//! Builds that select or need it share these crates, where each would build its own ones.
