//! How large something is, in words.

pub(crate) use dbmigrate_core::figures::Bytes;
