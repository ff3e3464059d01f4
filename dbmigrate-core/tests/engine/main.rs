//! What the engine does with databases in files and in memory. One program, so that it is linked once, and so that the last
//! test of a file does not keep the others waiting.

#[path = "../support/mod.rs"]
mod support;

mod atomic;
mod batched;
mod cases;
mod conversions;
mod drift;
mod exercise;
mod fuzzed;
mod guards;
mod histories;
mod introspection;
mod kept;
mod made_up;
mod phased;
mod phased_types;
mod populate;
mod push;
mod questions;
mod reach;
mod reading;
mod regressions;
mod replay;
mod spared;
mod states;
mod statistics;
