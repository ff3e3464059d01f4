//! What is seen and typed at a terminal: the real binary on a pseudo-terminal, its screen read by an emulator.
#![cfg(unix)]

mod consent;
mod progress;
#[path = "../product/project.rs"]
#[expect(dead_code, reason = "what the tests of the commands use of it is more")]
mod project;
mod prompts;
mod screen;
mod seeds;
