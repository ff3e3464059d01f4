//! What can be accepted of a database, by `--accept`.

use clap::ValueEnum;

/// What can be accepted of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Acceptable {
    /// That it is not what its last migration left.
    #[value(help = None)]
    Drift,
}
