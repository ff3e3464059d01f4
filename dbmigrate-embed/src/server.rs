//! Databases on a server, by URL and token.

use std::time::Duration;

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::driver::Scratch;
use dbmigrate_core::engine::remote::{Client, Options, RemoteUrl, Token, TokenError, UrlError};

use crate::driver::scratch_for_servers;
use crate::error::{MigrateError, MigrateErrorKind};
use crate::ready::Place;

/// A database on a libSQL server or at Turso.
///
/// Migrations are sent as they are written, several in one request: see the guarantees for servers in
/// `docs/guarantees.md`. Neither the URL nor an error shows the token.
///
/// ```no_run
/// # async fn start(migrations: dbmigrate_embed::Migrations) -> Result<(), Box<dyn std::error::Error>> {
/// use dbmigrate_embed::Server;
///
/// let server = Server::new(std::env::var("TURSO_DATABASE_URL")?).token(std::env::var("TURSO_AUTH_TOKEN")?);
/// let report = migrations.run(server).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    url: Result<RemoteUrl, UrlError>,
    token: Option<Result<Token, TokenError>>,
    options: Options,
    retries: Option<u32>,
}

impl Server {
    /// The server at a URL: `libsql://…`, `https://…`, `http://…`, `wss://…` or `ws://…`. The run reports an invalid
    /// URL. The URL may have a token in `authToken`.
    pub fn new(url: impl AsRef<str>) -> Self {
        let (url, token) = match RemoteUrl::parse(url.as_ref()) {
            Ok((url, token)) => (Ok(url), token.map(Ok)),
            Err(error) => (Err(error), None),
        };
        Self { url, token, options: Options::default(), retries: None }
    }

    /// The token.
    #[must_use]
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.token = Some(Token::parse(token.as_ref()));
        self
    }

    /// The namespace, for a server of your own that takes it from a header. Other servers take it from the URL.
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.options.namespace = Some(name.into());
        self
    }

    /// How long connecting, and then the answer to a query, may take; 30 seconds by default. Statements may take as
    /// long as they need.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// How often a migration is retried if the server took the lock from it, because it took too long and another
    /// writer was waiting.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// Which database it is, and what it is called.
    pub(crate) fn place(&self) -> Option<(String, Place)> {
        let url = self.url.as_ref().ok()?.to_string();
        Some((url.clone(), Place::Server { url, namespace: self.options.namespace.clone() }))
    }

    /// What opens databases in memory, if an engine is linked.
    pub(crate) fn scratch(&self) -> Option<Scratch> {
        // nothing is sent to it
        let url = self.url.as_ref().ok()?.clone();
        let connection = Connection::to_server(Client::new(url, None, self.options.clone()));
        connection.scratch().or_else(scratch_for_servers)
    }

    /// The database. Nothing is sent yet.
    pub(crate) fn database(self) -> Result<Database, MigrateError> {
        let wrong = |error: String| MigrateError::new(MigrateErrorKind::Option, error);
        let url = self.url.map_err(|error| wrong(error.to_string()))?;
        let token = self.token.transpose().map_err(|error| wrong(format!("the token is unusable: {error}")))?;
        let mut connection = Connection::to_server(Client::new(url, token, self.options));
        if let Some(scratch) = scratch_for_servers() {
            connection = connection.trying_in(scratch);
        }
        let database = Database::from_connection(connection);
        Ok(match self.retries {
            Some(retries) => database.retrying(retries),
            None => database,
        })
    }
}
