//! The source reader on projects as users have them: files in, schema or diagnostics out.

mod bulk;
mod conditions;
mod derives;
mod errors;
mod fuzzed;
mod modules;
mod names;
mod packages;
mod project;
