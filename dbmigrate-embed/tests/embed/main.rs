//! The embedded runner on real databases: what it applies, what it refuses, what it leaves behind.

mod cancelled;
mod database;
mod history;
mod refused;
mod run;
mod together;
