//! One request to the platform API: sent again where that can do no harm, and where the API asks for it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Platform;
use super::error::{PlatformError, PlatformErrorKind, of_status};
use crate::engine::remote::failure::words;
use crate::engine::remote::http::{HttpAnswer, HttpRequest, Method};

/// How many times a request is tried again.
const RETRIES: u32 = 3;
/// The pause before the first of these, if the API does not say how long; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest that is waited because the API says so. Longer, and it is up to the user.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Something that is asked for.
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    body: Option<Arc<[u8]>>,
    /// Behind "cannot": `drop `a``.
    doing: &'a str,
    /// Whether asking twice comes to the same.
    is_repeatable: bool,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: String, doing: &'a str) -> Self {
        Self { method: Method::Get, path, body: None, doing, is_repeatable: true }
    }

    /// One that may be made twice: what is made the first time is then not used.
    pub(super) fn post(path: String, doing: &'a str) -> Self {
        Self { method: Method::Post, path, body: Some(Arc::new([])), doing, is_repeatable: true }
    }

    pub(super) fn delete(path: String, doing: &'a str) -> Self {
        Self { method: Method::Delete, path, body: None, doing, is_repeatable: true }
    }

    /// One that is made once.
    pub(super) fn create(path: String, body: &impl Serialize, doing: &'a str) -> Result<Self, PlatformError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| PlatformError::protocol(format!("cannot {doing}: the request is no JSON ({error})")))?;
        Ok(Self { method: Method::Post, path, body: Some(body.into()), doing, is_repeatable: false })
    }
}

/// A path of these parts, with the parameters that have a value.
pub(super) fn path(parts: &[&str], query: &[(&str, Option<&str>)]) -> String {
    let mut path: String = parts.iter().flat_map(|part| ["/".to_owned(), escaped(part)]).collect();
    let mut separator = '?';
    for (name, value) in query.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        // writing to a string cannot fail
        let _ = write!(path, "{separator}{name}={}", escaped(value));
        separator = '&';
    }
    path
}

/// With `%` for everything that may mean something in a URL (RFC 3986, 2.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

impl Platform {
    /// What is answered.
    pub(super) fn ask<A: DeserializeOwned>(&self, call: &Call<'_>) -> Result<A, PlatformError> {
        let body = self.send(call)?;
        serde_json::from_slice(&body).map_err(|_| {
            let said = words(&body).map(|words| format!(": {words}")).unwrap_or_default();
            let message = format!("cannot {}: the answer of `{}` cannot be read{said}", call.doing, self.address());
            let may_be_done = !matches!(call.method, Method::Get);
            PlatformError { may_be_done, ..self.hiding(PlatformError::protocol(message)) }
        })
    }

    /// Sends it, again where that can do no harm, and returns the body of a good answer.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Vec<u8>, PlatformError> {
        let (mut pause, mut left) = (FIRST_PAUSE, RETRIES);
        // what an earlier try may have done
        let mut may_be_done = false;
        loop {
            let (again, wait, error) = match self.send_once(call)? {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer.body),
                Ok(answer) => {
                    let wait = answer.retry_after;
                    let error = of_status((&self.address(), call.doing), answer.status, words(&answer.body), wait);
                    let fits = wait.is_none_or(|wait| wait <= LONGEST_WAIT);
                    let again = match answer.status {
                        408 | 429 => fits,
                        502..=504 => call.is_repeatable && fits,
                        _ => false,
                    };
                    (again, wait, error)
                }
                Err((again, error)) => (again && (call.is_repeatable || !error.may_be_done), None, error),
            };
            let error = PlatformError { may_be_done: may_be_done || error.may_be_done, ..error };
            if !again || left == 0 {
                return Err(self.hiding(error));
            }
            may_be_done = error.may_be_done;
            left -= 1;
            let wait = wait.unwrap_or(pause);
            if let Some(on_wait) = self.on_wait.as_ref().filter(|_| error.kind == PlatformErrorKind::Limited) {
                on_wait(wait);
            }
            thread::sleep(wait);
            pause *= 2;
        }
    }

    /// Sends it once; an error says whether it makes sense to try again.
    fn send_once(&self, call: &Call<'_>) -> Result<Result<HttpAnswer, (bool, PlatformError)>, PlatformError> {
        let agent = self.http.agent().map_err(|error| PlatformError::protocol(error.message))?;
        let mut headers = vec![
            ("host", self.api.host_header()),
            ("accept", "application/json".to_owned()),
            ("authorization", format!("Bearer {}", self.token.secret())),
        ];
        if call.body.as_ref().is_some_and(|body| !body.is_empty()) {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let address = self.api.root_address(&call.path);
        let request = HttpRequest { method: call.method, address, headers, body: call.body.clone(), beginning: None };
        Ok(request.send(&agent, Some(self.timeout)).map_err(|none| {
            let message = if none.sent { "does not answer" } else { "cannot be reached" };
            let message = format!("cannot {}: `{}` {message}: {}", call.doing, self.address(), none.what);
            let kind = PlatformErrorKind::Unavailable;
            let is_change = !matches!(call.method, Method::Get);
            (
                none.again,
                PlatformError { kind, message, said: None, may_be_done: none.sent && is_change, is_answered: false },
            )
        }))
    }

    /// The error without the token in it, whoever has put it there.
    fn hiding(&self, error: PlatformError) -> PlatformError {
        let said = error.said.map(|said| self.token.hidden_in(&said));
        PlatformError { message: self.token.hidden_in(&error.message), said, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::http::seconds;
    use super::*;

    #[test]
    fn names_and_values_are_escaped_in_addresses() {
        let query = [("group", Some("a&b=c d")), ("cursor", None), ("limit", Some("100"))];
        assert_eq!(
            path(&["v1", "../x?y#z", "databases"], &query),
            "/v1/..%2Fx%3Fy%23z/databases?group=a%26b%3Dc%20d&limit=100"
        );
        assert_eq!(path(&["v1"], &[("cursor", None)]), "/v1");
    }

    #[test]
    fn a_wait_is_read_in_seconds() {
        assert_eq!(seconds(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
