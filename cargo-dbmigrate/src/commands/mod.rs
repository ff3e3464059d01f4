//! The commands, one file each: its arguments and what it does.

pub(crate) mod backup;
pub(crate) mod baseline;
pub(crate) mod branch;
pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod complete;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod generate;
pub(crate) mod going_back;
pub(crate) mod init;
pub(crate) mod kept;
pub(crate) mod man;
pub(crate) mod migrate;
pub(crate) mod plan;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod reset;
pub(crate) mod restore;
pub(crate) mod revert;
pub(crate) mod seed;
pub(crate) mod status;
