//! What the lints say about data.

use dbmigrate_core::plan::Lint;

/// Whether what the lint warns of loses data.
pub(crate) fn is_loss(lint: Lint) -> bool {
    lint != Lint::NotNullWithoutDefault
}
