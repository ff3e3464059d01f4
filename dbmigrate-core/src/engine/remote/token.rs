//! Tokens, which nothing may show, and what their claims say about a refusal.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;

use crate::config::{is_blank, trimmed};

/// A token as it is sent to a server. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text cannot be sent as a token. It is not shown.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing, or nothing but white space and quotes.
    #[error("it is blank")]
    Empty,
    /// White space or control characters inside, or letters other than ASCII.
    #[error("it contains characters that are not allowed in a token, such as white space or quotes")]
    Characters,
}

/// What a token claims, read without verifying it: good for explanations only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// When it expires, in seconds since 1970.
    pub expires: Option<i64>,
    /// Whether it says that it is for reading only.
    pub read_only: bool,
    /// The databases that it names, sorted; none if it is for whatever the server's key is for.
    pub databases: Vec<String>,
    /// Those of them that it may write.
    pub writable: Vec<String>,
}

#[derive(Deserialize)]
struct RawClaims {
    exp: Option<f64>,
    a: Option<String>,
    id: Option<String>,
    p: Option<Permissions>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Permissions {
    rw: Option<Scope>,
    ro: Option<Scope>,
    roa: Option<Scope>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    ns: Option<Vec<String>>,
}

impl Token {
    /// Takes a token, white space around it left out.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = trimmed(text);
        if is_blank(text) {
            return Err(TokenError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'')) {
            return Err(TokenError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The token itself, to be sent.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// A message of whatever origin, in which the token does not show.
    pub(super) fn hidden_in(&self, message: &str) -> String {
        message.replace(&self.0, "[token]")
    }

    /// What it claims. `None` if it is no JWT.
    pub fn claims(&self) -> Option<Claims> {
        let payload = self.0.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let raw: RawClaims = serde_json::from_slice(&payload).ok()?;
        let names = |scope: Option<Scope>| scope.and_then(|scope| scope.ns).unwrap_or_default();
        let permissions = raw.p.unwrap_or_default();
        let read_only = raw.a.as_deref() == Some("ro");
        let mut writable = names(permissions.rw);
        let mut databases = [names(permissions.ro), names(permissions.roa)].concat();
        databases.extend(writable.iter().cloned());
        if let Some(id) = raw.id {
            databases.push(id.clone());
            if !read_only {
                writable.push(id);
            }
        }
        for list in [&mut databases, &mut writable] {
            list.sort();
            list.dedup();
        }
        #[expect(clippy::cast_possible_truncation, reason = "a saturated time is as far away as one can say")]
        let expires = raw.exp.map(|seconds| seconds as i64);
        Some(Claims { expires, read_only, databases, writable })
    }
}

impl Claims {
    /// How long ago it expired, if it has: `3 days ago`.
    pub fn expired(&self) -> Option<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        self.expired_at(i64::try_from(now.as_secs()).ok()?)
    }

    fn expired_at(&self, now: i64) -> Option<String> {
        let seconds = now.checked_sub(self.expires?).filter(|seconds| *seconds >= 0)?;
        let (count, unit) = match seconds {
            0..60 => (seconds, "second"),
            60..3600 => (seconds / 60, "minute"),
            3600..86400 => (seconds / 3600, "hour"),
            _ => (seconds / 86400, "day"),
        };
        Some(format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" }))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token([hidden])")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A token with these claims and no signature worth the name.
    pub(in crate::engine::remote) fn token(claims: &str) -> Token {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        Token::parse(&format!("{}.{}.c2ln", part(r#"{"alg":"EdDSA"}"#), part(claims))).unwrap()
    }

    #[test]
    fn claims_are_read_in_each_of_their_forms() {
        let read = |claims: &str| token(claims).claims().unwrap();
        assert_eq!(read("{}"), Claims::default());
        let claims = read(r#"{"a":"ro","id":"foo","exp":1700000000,"iat":1}"#);
        assert_eq!((claims.read_only, claims.databases.join(" ").as_str()), (true, "foo"));
        assert_eq!((claims.writable.len(), claims.expires), (0, Some(1_700_000_000)));
        let claims = read(r#"{"p":{"rw":{"ns":["b","a"]},"ro":{"ns":["c"],"tags":null},"roa":null}}"#);
        assert_eq!((claims.databases.join(" "), claims.writable.join(" ")), ("a b c".into(), "a b".into()));
        assert_eq!(Token::parse("opaque").unwrap().claims(), None);
        assert_eq!(Token::parse("a.!!!.b").unwrap().claims(), None);
    }

    #[test]
    fn how_long_ago_a_token_expired_is_said_in_words() {
        let claims = Claims { expires: Some(1000), ..Claims::default() };
        let ago = |seconds: i64| claims.expired_at(1000 + seconds);
        assert_eq!(ago(-1), None);
        assert_eq!(ago(1).as_deref(), Some("1 second ago"));
        assert_eq!(ago(3 * 86400 + 5).as_deref(), Some("3 days ago"));
        assert_eq!(Claims::default().expired(), None);
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::parse(" s3cret\n").unwrap();
        assert_eq!(format!("{token} {token:?} {:?}", Some(&token)), "[hidden] Token([hidden]) Some(Token([hidden]))");
        assert_eq!(token.hidden_in("bad s3cret!"), "bad [token]!");
        assert_eq!(Token::parse("a b"), Err(TokenError::Characters));
        assert_eq!(Token::parse("\"a\""), Err(TokenError::Characters));
        for blank in ["", "  ", "\"\"", "'\n'"] {
            assert_eq!(Token::parse(blank), Err(TokenError::Empty));
        }
    }
}
