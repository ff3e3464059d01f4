//! The package that a command is about: where it is, what is configured, which database it means.

mod accept;
pub(crate) mod agreed;
pub(crate) mod config;
mod consent;
mod context;
mod databases;
pub(crate) mod gitignore;
mod libraries;
mod members;
pub(crate) mod metadata;
pub(crate) mod package;
pub(crate) mod path;
mod phase;
pub(crate) mod picked;
pub(crate) mod pipelines;
mod retry;
mod selection;
pub(crate) mod setup;
mod steps;
pub(crate) mod targets;
pub(crate) mod url;
pub(crate) mod write;

pub(crate) use accept::Acceptable;
pub(crate) use consent::{Consent, Intent, Yes, YesNamed};
pub(crate) use context::Context;
pub(crate) use databases::{Reach, for_each_package};
pub(crate) use phase::{BEFORE_DEPLOYING, ONCE_DEPLOYED, SECOND_HALF, When};
pub(crate) use retry::Retry;
pub(crate) use selection::Selection;
pub(crate) use steps::WithSteps;
