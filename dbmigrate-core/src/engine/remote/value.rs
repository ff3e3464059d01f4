//! Values on the wire: integers as decimal strings, blobs as base64 without padding.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use libsql::Value;
use libsql_hrana::proto;
use serde::Deserialize;
use serde::de::Error as _;

/// Servers leave the padding out, the specification does not demand it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
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

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Payload<'a>>,
    #[serde(borrow, default)]
    base64: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Payload<'a> {
    Number(f64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Received {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let value = match (wire.kind.as_ref(), wire.value, wire.base64) {
            ("null", ..) => Value::Null,
            ("integer", Some(Payload::Text(digits)), _) => Value::Integer(digits.parse().map_err(D::Error::custom)?),
            ("float", Some(Payload::Number(value)), _) => Value::Real(value),
            // one of the two infinities: NaN cannot be stored
            ("float", None, _) => Value::Real(f64::NAN),
            ("text", Some(Payload::Text(text)), _) => Value::Text(text.into_owned()),
            ("blob", _, Some(text)) => Value::Blob(BASE64.decode(text.as_bytes()).map_err(D::Error::custom)?),
            (kind, ..) => return Err(D::Error::custom(format!("a value of type `{kind}`"))),
        };
        Ok(Self(value))
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
        for json in [r#"{"type":"integer","value":"x"}"#, r#"{"type":"blob"}"#, r#"{"type":"date","value":"1"}"#, "7"] {
            assert!(received(json).is_err(), "{json}");
        }
    }
}
