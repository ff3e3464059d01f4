//! The database of a libSQL server, asked by hand.

use dbmigrate_test_support::hand::{Hand, text};
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::Server;

use crate::story::Story;
use crate::subject::{Picture, Subject, migrate};

/// A server with one database, behind a proxy that leads to it also when it has another port.
pub(crate) struct OnServer {
    server: Server,
    proxy: Proxy,
    first: Vec<String>,
    rows: Vec<String>,
}

impl OnServer {
    /// With the first migration and the rows of a story; `None` where there is no server, which has been said.
    pub(crate) fn new(story: &Story) -> Option<Self> {
        let server = Server::start()?;
        let proxy = Proxy::before(server.port());
        let mut server = Self { server, proxy, first: Vec::new(), rows: story.rows() };
        migrate(story, &server, &["--to", story.first()]);
        server.first = server.statements();
        server.hand().run(&server.rows);
        Some(server)
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.server.kill_9();
    }

    /// Starts it again with the data that it had.
    pub(crate) fn restart(&mut self) {
        self.server.restart();
        self.proxy.lead_to(self.server.port());
    }

    fn hand(&self) -> Hand {
        Hand::new(self.server.url())
    }

    /// The statements that lead to what is there: tables before what is on them, with the rows of the history.
    fn statements(&self) -> Vec<String> {
        let hand = self.hand();
        let own = "sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let mut statements = hand.query(&format!("SELECT sql FROM sqlite_schema WHERE {own} ORDER BY rowid"));
        let history = "SELECT 'INSERT INTO _dbmigrate_history VALUES (' || concat_ws(', ', position, quote(name), quote(checksum), \
             quote(schema_hash), quote(applied_at), duration_ms, quote(tool_version), quote(kind), quote(schema_version)) || ')' \
             FROM _dbmigrate_history";
        statements.extend(hand.query(history));
        statements
    }

    /// Runs statements in one transaction, without foreign keys.
    fn rewrite(&self, statements: Vec<String>) {
        let mut all = vec!["PRAGMA foreign_keys = OFF".to_owned(), "BEGIN IMMEDIATE".to_owned()];
        all.extend(statements);
        all.extend(["COMMIT".to_owned(), "PRAGMA foreign_keys = ON".to_owned()]);
        self.hand().run(&all);
    }

    fn dropped(&self) -> Vec<String> {
        let query = "SELECT 'DROP ' || type || ' \"' || name || '\"' FROM sqlite_schema
             WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table'";
        self.hand().query(query)
    }
}

impl Subject for OnServer {
    fn what(&self) -> String {
        "libSQL server".to_owned()
    }

    fn url(&self) -> String {
        self.proxy.url()
    }

    fn restore(&mut self) {
        let statements = [self.dropped(), self.first.clone(), self.rows.clone()].concat();
        self.rewrite(statements);
    }

    fn clear(&mut self) {
        self.rewrite(self.dropped());
    }

    fn look(&self) -> Picture {
        let hand = self.hand();
        Picture::take(|queries| {
            let rows = hand.batch(queries).map_err(|failure| failure.to_string())?;
            Ok(rows.iter().map(|rows| rows.iter().map(|row| row.iter().map(text).collect()).collect()).collect())
        })
    }
}
