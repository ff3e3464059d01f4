//! Vectors in the format of libSQL: little endian, the type behind the numbers where it is not single precision
//! (docs.turso.tech/features/ai-and-embeddings).

use crate::Value;

use super::{FromValue, ToValue, ValueError};

/// What a vector of single precision may end with.
const SINGLE: u8 = 1;

/// What a vector of double precision ends with.
const DOUBLE: u8 = 2;

impl<const N: usize> FromValue for [f32; N] {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        let numbers = match &value {
            Value::Blob(bytes) if bytes.len() == 4 * N => bytes,
            Value::Blob(bytes) if bytes.len() == 4 * N + 1 && bytes.last() == Some(&SINGLE) => bytes,
            _ => return Err(ValueError::expected(format_args!("BLOB with {N} numbers of single precision"), &value)),
        };
        let mut vector = [0.0; N];
        for (number, bytes) in vector.iter_mut().zip(numbers.as_chunks().0) {
            *number = f32::from_le_bytes(*bytes);
        }
        Ok(vector)
    }
}

impl<const N: usize> ToValue for [f32; N] {
    fn to_value(&self) -> Result<Value, ValueError> {
        Ok(Value::Blob(self.iter().flat_map(|number| number.to_le_bytes()).collect()))
    }
}

impl<const N: usize> FromValue for [f64; N] {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        let numbers = match &value {
            Value::Blob(bytes) if bytes.len() == 8 * N + 1 && bytes.last() == Some(&DOUBLE) => bytes,
            _ => return Err(ValueError::expected(format_args!("BLOB with {N} numbers of double precision"), &value)),
        };
        let mut vector = [0.0; N];
        for (number, bytes) in vector.iter_mut().zip(numbers.as_chunks().0) {
            *number = f64::from_le_bytes(*bytes);
        }
        Ok(vector)
    }
}

impl<const N: usize> ToValue for [f64; N] {
    fn to_value(&self) -> Result<Value, ValueError> {
        Ok(Value::Blob(self.iter().flat_map(|number| number.to_le_bytes()).chain([DOUBLE]).collect()))
    }
}
