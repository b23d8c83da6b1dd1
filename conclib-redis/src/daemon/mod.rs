//! redis-server as an owned child process.
