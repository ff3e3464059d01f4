//! The embedded runner on real databases: what it applies, what it refuses, what it leaves behind.

mod cancelled;
mod created;
mod database;
mod driver;
mod history;
mod opened;
mod owned;
mod phases;
mod ready;
mod refused;
mod run;
#[cfg(feature = "remote")]
mod server;
mod steps;
#[cfg(feature = "remote")]
mod steps_server;
mod together;
