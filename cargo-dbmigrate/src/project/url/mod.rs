//! Which database: its URL, from where it was taken, and what it takes to be let in.

mod connect;
mod database;
mod dot_env;
mod file;
mod fleet;
mod given;
mod meant;
mod named;
mod platform;
mod secrets;
mod source;
mod surroundings;
mod token;

pub(crate) use connect::{Connect, databases_help};
pub(crate) use database::{DatabaseUrl, Place, Server};
pub(crate) use dot_env::DotEnv;
pub(crate) use fleet::{At, permit};
pub(crate) use named::{Found, unset};
pub(crate) use platform::PlatformAccess;
pub(crate) use source::UrlSource;
pub(crate) use surroundings::{Surroundings, in_ci, new_platform_token};
pub(crate) use token::TokenSource;
