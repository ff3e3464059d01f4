//! Types of std, and `Value`, which can be any of them.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::Value;

use super::{FromValue, ToValue, ValueError};

/// Integers have 64 bits; a double holds all of up to 53 of them.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value as an integer. A column whose type is not `INTEGER` may hold it as a real number.
#[allow(clippy::cast_possible_truncation, reason = "it has no fraction, and is in the range")]
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(*value),
        Value::Real(value) if value.abs() <= EXACT && value.fract() == 0.0 => Some(*value as i64),
        _ => None,
    }
}

/// The value as a real number. A column whose type is not `REAL` may hold it as an integer.
#[allow(clippy::cast_precision_loss, reason = "there is none up to 53 bits")]
fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(value) => Some(*value),
        Value::Integer(value) if value.unsigned_abs() <= 1 << 53 => Some(*value as f64),
        _ => None,
    }
}

macro_rules! integers {
    ($($ty:ty),+) => { $(
        impl FromValue for $ty {
            fn from_value(value: Value) -> Result<Self, ValueError> {
                integer(&value).and_then(|value| Self::try_from(value).ok()).ok_or_else(|| {
                    let range = format_args!("INTEGER from {} to {}", Self::MIN, Self::MAX);
                    ValueError::expected(range, &value)
                })
            }
        }

        impl ToValue for $ty {
            fn to_value(&self) -> Result<Value, ValueError> {
                i64::try_from(*self).map(Value::Integer).map_err(|error| ValueError::new(error.to_string()))
            }
        }
    )+ };
}
integers!(i8, i16, i32, isize, u8, u16, u32);

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        integer(&value).ok_or_else(|| ValueError::expected("INTEGER", &value))
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Result<Value, ValueError> {
        Ok(Value::Integer(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match integer(&value) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(ValueError::expected("INTEGER 0 or 1", &value)),
        }
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Result<Value, ValueError> {
        Ok(Value::Integer((*self).into()))
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        real(&value).ok_or_else(|| ValueError::expected("REAL", &value))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Result<Value, ValueError> {
        if self.is_nan() {
            return Err(ValueError::new("SQL has no NaN: it would become NULL"));
        }
        Ok(Value::Real(*self))
    }
}

impl FromValue for f32 {
    #[allow(clippy::cast_possible_truncation, reason = "to the nearest number, which may not be infinite")]
    fn from_value(value: Value) -> Result<Self, ValueError> {
        real(&value)
            .filter(|real| !(*real as Self).is_infinite() || real.is_infinite())
            .map(|real| real as Self)
            .ok_or_else(|| ValueError::expected("REAL of single precision", &value))
    }
}

impl ToValue for f32 {
    fn to_value(&self) -> Result<Value, ValueError> {
        f64::from(*self).to_value()
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        Ok(value)
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Result<Value, ValueError> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Integer(value) => value.to_value(),
            Self::Real(value) => value.to_value(),
            Self::Text(text) => text.to_value(),
            Self::Blob(bytes) => bytes.to_value(),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Text(text) => Ok(text),
            value => Err(ValueError::expected("TEXT", &value)),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Result<Value, ValueError> {
        // the engine stores all of it, and the crate reads the text up to there
        if self.contains('\0') {
            return Err(ValueError::new("text with a NUL character would be cut off there when read"));
        }
        Ok(Value::Text(self.to_owned()))
    }
}

impl FromValue for char {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        if let Value::Text(text) = &value {
            let mut chars = text.chars();
            if let (Some(only), None) = (chars.next(), chars.next()) {
                return Ok(only);
            }
        }
        Err(ValueError::expected("TEXT of one character", &value))
    }
}

impl ToValue for char {
    fn to_value(&self) -> Result<Value, ValueError> {
        self.encode_utf8(&mut [0; 4]).to_value()
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Blob(bytes) => Ok(bytes),
            value => Err(ValueError::expected("BLOB", &value)),
        }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Result<Value, ValueError> {
        Ok(Value::Blob(self.to_vec()))
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Blob(bytes) if bytes.len() == N => {
                let mut array = [0; N];
                array.copy_from_slice(&bytes);
                Ok(array)
            }
            value => Err(ValueError::expected(format_args!("BLOB of {N} bytes"), &value)),
        }
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Result<Value, ValueError> {
        self[..].to_value()
    }
}

/// Owners of a text or of bytes.
macro_rules! owners {
    ($($owned:ty => $borrowed:ty: $($owner:ty),+;)+) => { $($(
        impl FromValue for $owner {
            fn from_value(value: Value) -> Result<Self, ValueError> {
                <$owned>::from_value(value).map(Self::from)
            }
        }

        impl ToValue for $owner {
            fn to_value(&self) -> Result<Value, ValueError> {
                <$borrowed>::to_value(self)
            }
        }
    )+)+ };
}
owners! {
    String => str: Box<str>, Rc<str>, Arc<str>, Cow<'_, str>;
    Vec<u8> => [u8]: Box<[u8]>, Rc<[u8]>, Arc<[u8]>, Cow<'_, [u8]>;
}

impl ToValue for String {
    fn to_value(&self) -> Result<Value, ValueError> {
        self.as_str().to_value()
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Result<Value, ValueError> {
        self[..].to_value()
    }
}
