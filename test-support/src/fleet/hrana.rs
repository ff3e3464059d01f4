//! Hrana's JSON, as far as it is needed: values, conditions, and one statement's run on a connection.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use libsql::{Connection, Value};
use pollster::block_on;
use serde_json::{Value as Json, json};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a statement or a request has failed.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Failed {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn json(&self) -> Json {
        json!({"message": self.message, "code": self.code})
    }

    pub(super) fn is_busy(&self) -> bool {
        self.code == "SQLITE_BUSY"
    }
}

impl From<libsql::Error> for Failed {
    fn from(error: libsql::Error) -> Self {
        let (code, message) = match error {
            libsql::Error::SqliteFailure(code, message) => (code, message),
            other => return Self::new("SQLITE_UNKNOWN", format!("SQLite error: {other}")),
        };
        let code = match code & 0xff {
            5 => "SQLITE_BUSY",
            8 => "SQLITE_READONLY",
            10 => "SQLITE_IOERR",
            11 => "SQLITE_CORRUPT",
            13 => "SQLITE_FULL",
            14 => "SQLITE_CANTOPEN",
            19 => "SQLITE_CONSTRAINT",
            26 => "SQLITE_NOTADB",
            _ => "SQLITE_UNKNOWN",
        };
        Self::new(code, format!("SQLite error: {message}"))
    }
}

fn received(value: &Json) -> Value {
    let text = value["value"].as_str().unwrap_or_default();
    match value["type"].as_str() {
        Some("integer") => Value::Integer(text.parse().expect("an integer in digits")),
        Some("float") => Value::Real(value["value"].as_f64().expect("a number")),
        Some("text") => Value::Text(text.to_owned()),
        Some("blob") => {
            Value::Blob(BASE64.decode(value["base64"].as_str().unwrap_or_default()).expect("a blob in base64"))
        }
        _ => Value::Null,
    }
}

fn sent(value: Value) -> Json {
    match value {
        Value::Null => json!({"type": "null"}),
        Value::Integer(number) => json!({"type": "integer", "value": number.to_string()}),
        Value::Real(number) => json!({"type": "float", "value": number}),
        Value::Text(text) => json!({"type": "text", "value": text}),
        Value::Blob(bytes) => json!({"type": "blob", "base64": BASE64.encode(bytes)}),
    }
}

/// Runs a statement of a batch to its end, and returns its result.
pub(super) fn run(connection: &Connection, statement: &Json) -> Result<Json, Failed> {
    let sql = statement["sql"].as_str().unwrap_or_default();
    let values: Vec<Value> = statement["args"].as_array().into_iter().flatten().map(received).collect();
    let wants_rows = statement["want_rows"].as_bool().unwrap_or(true);
    let before = connection.total_changes();
    block_on(async {
        let prepared = connection.prepare(sql).await?;
        let columns = prepared.columns();
        let columns: Vec<Json> =
            columns.iter().map(|column| json!({"name": column.name(), "decltype": column.decl_type()})).collect();
        let mut rows = prepared.query(values).await?;
        let mut read = Vec::new();
        while let Some(row) = rows.next().await? {
            if wants_rows {
                let values = (0..i32::try_from(columns.len()).unwrap_or(0)).map(|at| row.get_value(at).map(sent));
                read.push(Json::Array(values.collect::<libsql::Result<_>>()?));
            }
        }
        let changes = if connection.total_changes() > before { connection.changes() } else { 0 };
        Ok(json!({
            "cols": columns,
            "rows": read,
            "affected_row_count": changes,
            "last_insert_rowid": connection.last_insert_rowid().to_string(),
        }))
    })
}

/// What a statement is, without running it.
pub(super) fn describe(connection: &Connection, sql: &str) -> Result<Json, Failed> {
    let is_explain = sql.trim_start().get(..7).is_some_and(|word| word.eq_ignore_ascii_case("EXPLAIN"));
    block_on(async {
        let prepared = connection.prepare(sql).await?;
        let columns = prepared.columns();
        let columns: Vec<Json> =
            columns.iter().map(|column| json!({"name": column.name(), "decltype": column.decl_type()})).collect();
        let parameters: Vec<Json> = (0..prepared.parameter_count()).map(|_| json!({"name": null})).collect();
        drop(prepared);
        // what writes begins a transaction for it: its second operand is then not 0
        let mut writes = false;
        if !is_explain {
            let mut program = connection.query(&format!("EXPLAIN {sql}"), ()).await?;
            while let Some(row) = program.next().await? {
                let (operation, second): (String, i64) = (row.get(1)?, row.get(3)?);
                writes |= operation == "Transaction" && second != 0;
            }
        }
        Ok(json!({"params": parameters, "cols": columns, "is_explain": is_explain, "is_readonly": !writes}))
    })
}

/// Whether a step runs, by what came of those before it.
pub(super) fn holds(condition: &Json, results: &[Json], errors: &[Json], is_autocommit: bool) -> bool {
    let step = || condition["step"].as_u64().and_then(|step| usize::try_from(step).ok()).unwrap_or(usize::MAX);
    let is_there = |list: &[Json]| list.get(step()).is_some_and(|one| !one.is_null());
    let mut parts = condition["conds"].as_array().into_iter().flatten();
    let part = |one: &Json| holds(one, results, errors, is_autocommit);
    match condition["type"].as_str() {
        None => true,
        Some("ok") => is_there(results),
        Some("error") => is_there(errors),
        Some("not") => !part(&condition["cond"]),
        Some("and") => parts.all(part),
        Some("or") => parts.any(part),
        Some("is_autocommit") => is_autocommit,
        Some(other) => panic!("a condition `{other}`"),
    }
}
