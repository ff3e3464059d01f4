//! Values on the wire: integers as decimal strings, blobs as base64 without padding.

use std::fmt;

use crate::engine::value::Value;
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use libsql_hrana::proto;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Servers leave the padding out, the specification does not demand it.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value as it is sent. NaN becomes NULL, as it does when SQLite binds it. `None` for infinity, which JSON cannot say.
pub(super) fn to_wire(value: Value) -> Option<proto::Value> {
    Some(match value {
        Value::Null => proto::Value::Null,
        Value::Integer(value) => proto::Value::Integer { value },
        Value::Real(value) if value.is_nan() => proto::Value::Null,
        Value::Real(value) if value.is_infinite() => return None,
        Value::Real(value) => proto::Value::Float { value },
        Value::Text(value) => proto::Value::Text { value: value.into() },
        Value::Blob(value) => proto::Value::Blob { value: value.into() },
    })
}

/// A value as it is received.
///
/// The types of `libsql-hrana` are not used for this because they cannot read what a server sends for infinity
/// (`{"type":"float","value":null}`), which would make the whole answer unreadable, nor strings with escapes in them.
pub(super) struct Received(pub(super) Value);

/// What a value has. Servers name the type first, so that it is known how to read the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Type,
    Value,
    Base64,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Integer,
    Float,
    Text,
    Blob,
    Other,
}

/// A word that is one of several; nothing is kept of it.
macro_rules! word {
    ($of:ident, $expecting:literal, $($word:literal => $one:ident),+) => {
        impl<'de> Deserialize<'de> for $of {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;
                impl Visitor<'_> for Word {
                    type Value = $of;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$of, E> {
                        Ok(match word {
                            $($word => $of::$one,)+
                            _ => $of::Other,
                        })
                    }
                }
                deserializer.deserialize_str(Word)
            }
        }
    };
}

word!(Key, "the name of a part of a value", "type" => Type, "value" => Value, "base64" => Base64);
word!(Kind, "a type", "null" => Null, "integer" => Integer, "float" => Float, "text" => Text, "blob" => Blob);

/// An integer in digits.
struct Digits(i64);

/// Bytes in base64.
struct Bytes(Vec<u8>);

macro_rules! from_text {
    ($of:ident, $expecting:literal, $text:ident => $read:expr) => {
        impl<'de> Deserialize<'de> for $of {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl Visitor<'_> for Read {
                    type Value = $of;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, $text: &str) -> Result<$of, E> {
                        $read.map($of).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Read)
            }
        }
    };
}

from_text!(Digits, "an integer in digits", text => text.parse());
from_text!(Bytes, "base64", text => BASE64.decode(text.as_bytes()));

/// What came before the type was known.
#[derive(Deserialize)]
#[serde(untagged)]
enum Early {
    Number(f64),
    Text(String),
    Null(()),
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Received;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Received, A::Error> {
        let (mut kind, mut early, mut value) = (None, None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match (key, kind) {
                (Key::Type, _) => kind = Some(map.next_value::<Kind>()?),
                (Key::Value, Some(Kind::Integer)) => value = Some(Value::Integer(map.next_value::<Digits>()?.0)),
                // one of the two infinities: NaN cannot be stored
                (Key::Value, Some(Kind::Float)) => {
                    value = Some(Value::Real(map.next_value::<Option<f64>>()?.unwrap_or(f64::NAN)));
                }
                (Key::Value, Some(Kind::Text)) => value = Some(Value::Text(map.next_value()?)),
                (Key::Base64, _) => value = Some(Value::Blob(map.next_value::<Bytes>()?.0)),
                (Key::Value, None) => early = Some(map.next_value::<Early>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let value = match (kind, value, early) {
            (Some(Kind::Null), ..) => Value::Null,
            (Some(Kind::Integer), Some(Value::Integer(value)), _) => Value::Integer(value),
            (Some(Kind::Integer), None, Some(Early::Text(digits))) => {
                Value::Integer(digits.parse().map_err(A::Error::custom)?)
            }
            (Some(Kind::Float), Some(Value::Real(value)), _)
            | (Some(Kind::Float), None, Some(Early::Number(value))) => Value::Real(value),
            (Some(Kind::Float), None, None | Some(Early::Null(()))) => Value::Real(f64::NAN),
            (Some(Kind::Text), Some(Value::Text(text)), _) | (Some(Kind::Text), None, Some(Early::Text(text))) => {
                Value::Text(text)
            }
            (Some(Kind::Blob), Some(Value::Blob(bytes)), _) => Value::Blob(bytes),
            _ => return Err(A::Error::custom("a value that is not what its type says")),
        };
        Ok(Received(value))
    }
}

impl<'de> Deserialize<'de> for Received {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(json: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str::<Received>(json).map(|received| received.0)
    }

    #[test]
    fn values_arrive_as_they_were_sent() {
        for value in [
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Integer(i64::MAX),
            Value::Real(0.1),
            // what is read without care is another number
            Value::Real(3_604_231_900_713_790.5),
            Value::Real(1.0 / 49.0),
            Value::Real(-0.0),
            Value::Real(f64::MAX),
            Value::Text("é \"\\\n\0\u{1f980}".into()),
            Value::Text(String::new()),
            Value::Blob(vec![0, 255, 7, 250]),
            Value::Blob(Vec::new()),
        ] {
            let json = serde_json::to_string(&to_wire(value.clone()).unwrap()).unwrap();
            assert_eq!(received(&json).unwrap(), value, "{json}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_null_or_refused() {
        assert!(matches!(to_wire(Value::Real(f64::NAN)), Some(proto::Value::Null)));
        assert!(to_wire(Value::Real(f64::INFINITY)).is_none() && to_wire(Value::Real(f64::NEG_INFINITY)).is_none());
        assert!(matches!(received(r#"{"type":"float","value":null}"#), Ok(Value::Real(real)) if real.is_nan()));
    }

    #[test]
    fn blobs_are_read_with_and_without_padding_and_rubbish_is_an_error() {
        assert_eq!(received(r#"{"type":"blob","base64":"AP8="}"#).unwrap(), Value::Blob(vec![0, 255]));
        assert_eq!(received(r#"{"base64":"AP8","type":"blob"}"#).unwrap(), Value::Blob(vec![0, 255]));
        assert_eq!(received(r#"{"type":"float","value":7}"#).unwrap(), Value::Real(7.0));
        assert_eq!(received(r#"{"value":7.5,"type":"float"}"#).unwrap(), Value::Real(7.5));
        assert_eq!(received(r#"{"value":"7","type":"integer","more":[1]}"#).unwrap(), Value::Integer(7));
        assert_eq!(received(r#"{"value":null,"type":"null"}"#).unwrap(), Value::Null);
        for json in [r#"{"type":"integer","value":"x"}"#, r#"{"type":"blob"}"#, r#"{"type":"date","value":"1"}"#, "7"] {
            assert!(received(json).is_err(), "{json}");
        }
    }
}
