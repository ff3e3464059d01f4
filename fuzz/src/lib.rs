//! What the fuzz targets check. Each file is a body of its own: `check` takes what a file or a database may hold, and
//! panics when a promise is broken.

pub mod lock;
pub mod query;
pub mod snapshot;
#[cfg(feature = "source")]
pub mod source;
pub mod split;
pub mod sql;
