//! A column that holds JSON.

use std::ops::{Deref, DerefMut};

use crate::ColumnType;

/// A value that is stored as JSON text. The application chooses what reads and writes the JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T> ColumnType for Json<T> {
    const SQL_TYPE: &'static str = "TEXT";
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
