//! Databases of Turso Cloud through its platform API: copied as they are or were, and the copies verified, listed and
//! dropped. What was copied is never touched.

mod cloud;
mod copy;
mod failure;
mod fingerprint;
pub(crate) mod moment;
pub(crate) mod name;
mod verify;

pub(crate) use cloud::{Cloud, refuse_others};
pub(crate) use copy::{Copied, copy, drop_again, is_ours};
pub(crate) use failure::platform_error;
pub(crate) use fingerprint::Fingerprint;
pub(crate) use verify::{answers, verify};
