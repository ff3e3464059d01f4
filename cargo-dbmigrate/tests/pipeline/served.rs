//! Two databases on a server that wants tokens: production and demo.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use serde_json::json;

/// The server, its databases and tokens for them.
pub(crate) struct Served {
    _server: Server,
    pub(crate) production_url: String,
    pub(crate) demo_url: String,
    /// May do everything.
    pub(crate) token: String,
    /// May read.
    pub(crate) read_only: String,
    /// Could do everything until an hour ago.
    pub(crate) expired: String,
}

impl Served {
    /// `None` where no server can be had.
    pub(crate) fn start() -> Option<Self> {
        let key = Key::generate();
        let server = Options::default().namespaces().key(key.public()).start()?;
        Some(Self {
            production_url: server.create_namespace("production"),
            demo_url: server.create_namespace("demo"),
            token: key.token(&json!({ "a": "rw" })),
            read_only: key.token(&json!({ "a": "ro" })),
            expired: key.expired(),
            _server: server,
        })
    }

    /// The secrets that a repository has.
    pub(crate) fn secrets(&self) -> [(&'static str, &str); 4] {
        [
            ("TURSO_DATABASE_URL", &self.production_url),
            ("TURSO_AUTH_TOKEN", &self.token),
            ("TURSO_DEMO_DATABASE_URL", &self.demo_url),
            ("TURSO_DEMO_AUTH_TOKEN", &self.token),
        ]
    }

    /// The production database, asked by hand.
    pub(crate) fn production(&self) -> Hand {
        Hand::new(&self.production_url).with_token(&self.token)
    }

    /// The demo database, asked by hand.
    pub(crate) fn demo(&self) -> Hand {
        Hand::new(&self.demo_url).with_token(&self.token)
    }
}
