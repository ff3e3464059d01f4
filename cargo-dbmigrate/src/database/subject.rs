//! What an error is about.

use std::fmt;

use crate::project::url::{DatabaseUrl, Place, Server};

/// A database as errors speak of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// One that has an address.
    Url(&'a DatabaseUrl),
    /// One in memory, by what it stands for.
    Named(&'a str),
}

impl<'a> Subject<'a> {
    /// The server that it is on.
    pub(crate) fn server(self) -> Option<&'a Server> {
        match self {
            Self::Url(url) => match url.place() {
                Place::Server(server) => Some(server),
                Place::File(_) => None,
            },
            Self::Named(_) => None,
        }
    }

    /// Its address.
    pub(crate) fn url(self) -> Option<&'a DatabaseUrl> {
        match self {
            Self::Url(url) => Some(url),
            Self::Named(_) => None,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl<'a> From<&'a DatabaseUrl> for Subject<'a> {
    fn from(url: &'a DatabaseUrl) -> Self {
        Self::Url(url)
    }
}
