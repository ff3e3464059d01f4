//! A row that a step has read, and what its values are in Rust.

use super::StepError;
use crate::engine::connection::Value;

/// A row of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    /// With its values.
    pub(super) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The value of a column, counted from 0: `row.get::<i64>(0)`.
    ///
    /// # Errors
    /// If there is no such column, or its value is of another type.
    pub fn get<T: FromStep>(&self, column: usize) -> Result<T, StepError> {
        let Some(value) = self.0.get(column) else {
            let message = format!("no column {column}: the query returns {} columns, counted from 0", self.0.len());
            return Err(StepError::new(message));
        };
        T::from_step(value).ok_or_else(|| {
            StepError::new(format!("column {column} is {}, which is no {}", kind(value), std::any::type_name::<T>()))
        })
    }

    /// All values.
    pub fn values(&self) -> &[Value] {
        &self.0
    }
}

/// What a value is called.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL",
        Value::Integer(_) => "an integer",
        Value::Real(_) => "a real number",
        Value::Text(_) => "text",
        Value::Blob(_) => "a blob",
    }
}

/// A type that a value of a row can be read as, without a conversion that loses something.
pub trait FromStep: Sized {
    /// The value, if it is one of this type.
    fn from_step(value: &Value) -> Option<Self>;
}

impl FromStep for Value {
    fn from_step(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromStep> FromStep for Option<T> {
    fn from_step(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_step(value).map(Some),
        }
    }
}

impl FromStep for bool {
    fn from_step(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl FromStep for f64 {
    fn from_step(value: &Value) -> Option<Self> {
        match value {
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromStep for String {
    fn from_step(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromStep for Vec<u8> {
    fn from_step(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl FromStep for $integer {
            fn from_step(value: &Value) -> Option<Self> {
                match value {
                    Value::Integer(number) => Self::try_from(*number).ok(),
                    _ => None,
                }
            }
        }
    )+};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);
