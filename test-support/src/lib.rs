//! Servers for tests: the libSQL server itself, tokens for it, and what stands between it and a client.
