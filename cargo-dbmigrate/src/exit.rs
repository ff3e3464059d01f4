//! The exit codes of every command. They are part of the interface: scripts and pipelines branch on them.

/// Everything asked for was done.
pub const DONE: u8 = 0;
/// Something failed: a file, a database, a statement.
pub const FAILED: u8 = 1;
/// The command line, the configuration or the environment asks for something that does not exist.
pub const USAGE: u8 = 2;
/// Somebody has to decide: a rename or a drop, a loss of data. Nothing was written.
pub const DECISION: u8 = 3;
/// `check`, `status`, `diff` or `generate --check` found a difference.
pub const DIFFERENCE: u8 = 4;
/// Migrations are inconsistent: edited, missing, in conflict, or not those of the database.
pub const INCONSISTENT: u8 = 5;
/// Members of a fleet are not where they should be: some failed, were left alone or could not be asked.
pub const MEMBERS: u8 = 6;
/// A bug of this program: what the process of a Rust program ends with when it panics.
pub const PANIC: u8 = 101;
