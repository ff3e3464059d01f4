//! What no struct can say.

use dbmigrate_core::schema::canonical::ObjectKind;
use thiserror::Error;

/// An object that the schema language cannot express.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} `{name}` cannot be written as a struct: {reason}", kind.noun())]
pub struct Inexpressible {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}
