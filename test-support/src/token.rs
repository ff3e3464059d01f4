//! Tokens: an Ed25519 key, and what it signs.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// A key that signs tokens.
#[derive(Debug)]
pub struct Key(Ed25519KeyPair);

impl Key {
    /// A new one.
    pub fn generate() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a random key");
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key that was just made"))
    }

    /// The public half, as the server reads it from the file that `--auth-jwt-key-file` names.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
    }

    /// A token with these claims: `{}` may do everything everywhere, `{"a": "ro"}` read, `{"id": "foo"}` is for one
    /// namespace.
    pub fn token(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "typ": "JWT"})), part(claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()).as_ref()))
    }

    /// A token that could do everything until an hour ago.
    pub fn expired(&self) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than 1970");
        self.token(&json!({"exp": now.as_secs() - 3600}))
    }
}
