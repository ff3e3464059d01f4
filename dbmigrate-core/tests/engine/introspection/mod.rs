//! Databases as they are found: what is read from them, and that nothing of it is lost.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "counts are worth knowing")]

mod comments;
mod grammar;
mod infrastructure;
mod keys;
mod tracked;
mod twin;
