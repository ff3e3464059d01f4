//! SQL by hand: requests to a server without the product, so that it is not the product that says what it has done.

use std::fmt;
use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::http::Message;

/// Blobs come without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A database on a server.
#[derive(Debug, Clone)]
pub struct Hand {
    url: String,
    token: Option<String>,
    timeout: Duration,
}

/// The rows of a statement, as Hrana has them: `{"type": "integer", "value": "1"}`.
pub type Rows = Vec<Vec<Value>>;

/// What a server did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The place of the statement in the batch, from 0.
    pub step: Option<usize>,
    /// SQLite's or the server's name for it.
    pub code: String,
    /// What it says.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, code, message } = self;
        match step {
            Some(step) => write!(f, "statement {step}: {message} ({code})"),
            None => write!(f, "{message} ({code})"),
        }
    }
}

impl Failure {
    fn of(step: Option<usize>, error: &Value) -> Self {
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        Self { step, code: text("code"), message: text("message") }
    }

    fn transport(message: impl fmt::Display) -> Self {
        Self { step: None, code: "TRANSPORT".to_owned(), message: message.to_string() }
    }
}

impl Hand {
    /// The database at a URL: `http://localhost:1`, `http://foo.localhost:1`, `http://localhost:1/dev/foo`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), token: None, timeout: PATIENCE }
    }

    /// With a token.
    #[must_use]
    pub fn with_token(self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// With more time to wait for an answer.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sends statements in one request, each of which runs if the one before it has succeeded.
    pub fn batch<S: AsRef<str>>(&self, statements: &[S]) -> Result<Vec<Rows>, Failure> {
        let steps = statements.iter().enumerate().map(|(at, sql)| {
            let condition = if at == 0 { Value::Null } else { json!({"type": "ok", "step": at - 1}) };
            json!({"condition": condition, "stmt": {"sql": sql.as_ref(), "want_rows": true}})
        });
        let steps: Vec<Value> = steps.collect();
        let request = json!({"requests": [{"type": "batch", "batch": {"steps": steps}}, {"type": "close"}]});
        let url = format!("{}/v3/pipeline", self.url.trim_end_matches('/'));
        let answer = send(("POST", JSON), &url, request.to_string().as_bytes(), self.token.as_deref(), self.timeout);
        let answer = answer.map_err(Failure::transport)?;
        let answer: Value = serde_json::from_slice(&answer).map_err(Failure::transport)?;
        let first = &answer["results"][0];
        if first["type"] != "ok" {
            return Err(Failure::of(None, &first["error"]));
        }
        let result = &first["response"]["result"];
        for (step, error) in result["step_errors"].as_array().into_iter().flatten().enumerate() {
            if !error.is_null() {
                return Err(Failure::of(Some(step), error));
            }
        }
        let results = result["step_results"].as_array().ok_or_else(|| Failure::transport(&answer))?;
        let rows = |one: &Value| serde_json::from_value(one["rows"].clone()).map_err(Failure::transport);
        results.iter().map(rows).collect()
    }

    /// Runs statements in one request, all of which must succeed.
    #[track_caller]
    pub fn run<S: AsRef<str>>(&self, statements: &[S]) -> Vec<Rows> {
        self.batch(statements).unwrap_or_else(|failure| panic!("{}: {failure}", self.url))
    }

    /// The rows of a query.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Rows {
        self.run(&[sql]).swap_remove(0)
    }

    /// The rows of a query as texts, `|` between the values.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<String> {
        self.rows(sql).iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
    }

    /// The names of all tables with rows of their own, also of those that SQLite and the product keep.
    #[track_caller]
    pub fn tables(&self) -> Vec<String> {
        let virtual_too = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";
        self.query(virtual_too)
    }

    /// Every row of every table, with rowids and as SQL literals, so that also their storage classes are told apart.
    #[track_caller]
    pub fn dump(&self) -> String {
        self.dump_without(&[])
    }

    /// The same without some tables.
    #[track_caller]
    pub fn dump_without(&self, left_out: &[&str]) -> String {
        let mut tables = self.tables();
        tables.retain(|table| !left_out.contains(&table.as_str()));
        if tables.is_empty() {
            return String::new();
        }
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let columns: Vec<String> = tables
            .iter()
            .map(|table| {
                let table = literal(table);
                format!(
                    "SELECT name FROM pragma_table_xinfo({table}) WHERE hidden <> 1 UNION ALL
                     SELECT 'rowid' FROM pragma_table_list({table}) WHERE wr = 0 AND type = 'table'
                     AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo({table}) WHERE lower(name) = 'rowid')"
                )
            })
            .collect();
        let columns = self.run(&columns);
        let identifier = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let queries: Vec<String> = tables
            .iter()
            .zip(&columns)
            .map(|(table, columns)| {
                let names: Vec<String> = columns.iter().map(|row| identifier(&text(&row[0]))).collect();
                let values: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
                let order: Vec<String> = (1..=values.len()).map(|at| at.to_string()).collect();
                format!("SELECT {} FROM {} ORDER BY {}", values.join(", "), identifier(table), order.join(", "))
            })
            .collect();
        let mut lines = Vec::new();
        for ((table, columns), rows) in tables.iter().zip(columns).zip(self.run(&queries)) {
            let line = |row: &Vec<Value>| row.iter().map(text).collect::<Vec<_>>().join("|");
            lines.push(format!("-- {table}: {}", columns.iter().map(line).collect::<Vec<_>>().join("|")));
            lines.extend(rows.iter().map(line));
        }
        lines.join("\n") + "\n"
    }

    /// The statements that made what is in the database, in the order of names.
    #[track_caller]
    pub fn schema(&self) -> Vec<String> {
        self.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
    }

    /// What is wrong with the file; nothing if it is as it should be.
    #[track_caller]
    pub fn integrity_check(&self) -> Vec<String> {
        let mut found = self.query("PRAGMA integrity_check");
        found.retain(|line| line != "ok");
        found
    }

    /// The rows whose parents are not there.
    #[track_caller]
    pub fn foreign_key_check(&self) -> Vec<String> {
        self.query("PRAGMA foreign_key_check")
    }
}

/// A value of Hrana as text: `NULL`, `x'00FF'`, or what it is.
pub fn text(value: &Value) -> String {
    match value["type"].as_str() {
        Some("null") => "NULL".to_owned(),
        Some("blob") => {
            let bytes = BASE64.decode(value["base64"].as_str().unwrap_or_default()).unwrap_or_default();
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("x'{}'", digits.concat())
        }
        Some("float") => value["value"].to_string(),
        _ => value["value"].as_str().unwrap_or_default().to_owned(),
    }
}

/// The body of what is at a URL, if the answer is a success.
pub fn get(url: &str) -> Result<Vec<u8>, String> {
    send(("GET", JSON), url, b"", None, PATIENCE)
}

/// Sends JSON; returns the body of the answer, if it is a success.
pub fn post(url: &str, body: &str) -> Result<Vec<u8>, String> {
    send(("POST", JSON), url, body.as_bytes(), None, PATIENCE)
}

/// Sends protobuf; returns the body of the answer, if it is a success.
pub fn post_protobuf(url: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    send(("POST", "application/x-protobuf"), url, body, None, PATIENCE)
}

const JSON: &str = "application/json";

fn send(
    (method, kind): (&str, &str),
    url: &str,
    body: &[u8],
    token: Option<&str>,
    timeout: Duration,
) -> Result<Vec<u8>, String> {
    let rest = url.strip_prefix("http://").ok_or("not an http URL")?;
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let port: u16 = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).ok_or("a URL without a port")?;
    // whatever the name is, it is one of this machine
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string())?;
    let message = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(timeout)).map_err(message)?;
    stream.set_nodelay(true).map_err(message)?;
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {kind}\r\n{token}\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let request = [request.as_bytes(), body].concat();
    (&stream).write_all(&request).map_err(message)?;
    let answer = Message::read(&mut BufReader::new(stream)).map_err(message)?.ok_or("no answer")?;
    match answer.status() {
        200..300 => Ok(answer.body),
        status => Err(format!("{status} {}", String::from_utf8_lossy(&answer.body))),
    }
}
