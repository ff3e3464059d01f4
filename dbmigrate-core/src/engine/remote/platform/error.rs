//! What can go wrong with the platform API. No message shows a token.

use std::time::Duration;

use thiserror::Error;

/// An error of the platform API.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct PlatformError {
    /// What kind it is.
    pub kind: PlatformErrorKind,
    /// What is wrong, as it can be shown.
    pub message: String,
    /// What the API says itself, if it says something.
    pub said: Option<String>,
    /// Whether what was asked for may have been done all the same.
    pub may_be_done: bool,
    /// Whether the API, or somebody before it, has answered.
    pub is_answered: bool,
}

/// The kinds that something can be done about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlatformErrorKind {
    /// It does not accept the token (401).
    Unauthorized,
    /// The token is good, but not for this (403).
    Forbidden,
    /// No organization or database of that name (404).
    NotFound,
    /// The name is taken (409).
    Conflict,
    /// It does not do this (400 and the like).
    Refused,
    /// It wants fewer requests (429), or to be asked again (408), and still did when the tries were used up.
    Limited,
    /// It cannot be reached, does not answer, or fails (5xx).
    Unavailable,
    /// What answers is not the platform API, or has changed.
    Protocol,
}

impl PlatformError {
    pub(super) fn protocol(message: String) -> Self {
        Self { kind: PlatformErrorKind::Protocol, message, said: None, may_be_done: false, is_answered: true }
    }
}

/// What an answer of a status other than 2xx means. `doing` is what was asked for, `api` who was asked.
pub(super) fn of_status(
    (api, doing): (&str, &str),
    status: u16,
    said: Option<String>,
    wait: Option<Duration>,
) -> PlatformError {
    let says = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    let (kind, message) = match status {
        401 => (PlatformErrorKind::Unauthorized, format!("`{api}` does not accept the platform token{says}")),
        403 => (PlatformErrorKind::Forbidden, format!("the platform token may not {doing}{says}")),
        404 => (PlatformErrorKind::NotFound, format!("cannot {doing}: `{api}` does not find it{says}")),
        409 => (PlatformErrorKind::Conflict, format!("cannot {doing}: the name is taken{says}")),
        408 | 429 => {
            let wait = wait.map(|wait| format!(", and asks to wait {} s", wait.as_secs())).unwrap_or_default();
            (PlatformErrorKind::Limited, format!("cannot {doing}: `{api}` is limiting requests{wait}{says}"))
        }
        300..400 => {
            let message = format!("cannot {doing}: `{api}` redirects, and redirects are not followed");
            (PlatformErrorKind::Protocol, message)
        }
        400..500 => (PlatformErrorKind::Refused, format!("cannot {doing}: `{api}` refuses with status {status}{says}")),
        _ => (PlatformErrorKind::Unavailable, format!("cannot {doing}: `{api}` answered with status {status}{says}")),
    };
    // the answer of whoever stands before a server that may be at it still
    PlatformError { kind, message, said, may_be_done: status >= 500 || status == 408, is_answered: true }
}
