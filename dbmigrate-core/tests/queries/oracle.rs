//! What the resolver says of a statement, beside what the engine says of the same one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbmigrate_core::config::Engine;
use dbmigrate_core::engine::{Connection, introspect, value};
use dbmigrate_core::query::{Catalog, Kind, Mistake, Output, resolve};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{StatementKind, split};

/// A database with the catalog of its schema.
pub(crate) struct Oracle {
    connection: Connection,
    catalog: Catalog,
    /// Objects that the model does not represent, and temporary ones.
    unreadable: Vec<String>,
}

/// How the two agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Both accept it.
    Accepted,
    /// Both find a mistake.
    Refused,
    /// Only we find one, and say that the engine does not.
    Stricter(Vec<Mistake>),
    /// Only we find one.
    FalseError(Vec<Mistake>),
    /// Only the engine finds one.
    Missed(String),
    /// Both accept it, and say that it returns other columns.
    OtherColumns(Vec<String>, Vec<String>),
    /// It cannot be compared.
    Skipped,
}

impl Oracle {
    pub(crate) async fn new() -> Self {
        let connection = Connection::in_memory().await.expect("an engine");
        let catalog = Catalog::new(&Schema::default(), &Engine::default());
        Self { connection, catalog, unreadable: Vec::new() }
    }

    /// Runs statements that change the schema.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), String> {
        let result = self.connection.run(sql).await.map_err(|error| error.to_string());
        let found = introspect(&self.connection).await.expect("a schema");
        self.unreadable = found.unreadable.iter().map(|unreadable| unreadable.object.name.folded()).collect();
        let temporary = self.connection.rows("SELECT lower(name) FROM sqlite_temp_schema").await.expect("a list");
        self.unreadable.extend(temporary.iter().filter_map(|row| row.first()).map(|name| value::text(name).to_owned()));
        self.catalog = Catalog::new(&found.schema, &Engine::default());
        result
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) async fn judge(&self, sql: &str) -> Verdict {
        let lower = sql.to_ascii_lowercase();
        if self.unreadable.iter().any(|name| lower.contains(name)) {
            return Verdict::Skipped;
        }
        let theirs = match self.connection.prepare(sql).await {
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        match (resolve(&self.catalog, sql), theirs) {
            (Ok(query), None) => {
                if query.has_more_columns || (query.kind != Kind::Read && !lower.contains("returning")) {
                    return Verdict::Accepted;
                }
                let ours: Vec<String> = query.columns.into_iter().map(whole_name).collect();
                match self.connection.column_names(sql).await {
                    Ok(names) if names != ours => Verdict::OtherColumns(ours, names),
                    _ => Verdict::Accepted,
                }
            }
            (Err(_), Some(_)) => Verdict::Refused,
            (Ok(_), Some(theirs)) => Verdict::Missed(theirs),
            (Err(mistakes), None) if mistakes.iter().all(|mistake| mistake.engine_accepts) => {
                Verdict::Stricter(mistakes)
            }
            (Err(mistakes), None) => Verdict::FalseError(mistakes),
        }
    }

    /// Judges each statement of a text, and runs those that change the schema.
    pub(crate) async fn follow(&mut self, sql: &str, tally: &mut Tally) {
        for statement in split(sql) {
            let text = statement.text;
            // what is attached is no part of the schema, and a pragma takes effect when it is prepared
            if text.to_ascii_lowercase().contains("attach") || statement.kind == StatementKind::Pragma {
                continue;
            }
            let verdict = self.judge(text).await;
            tally.add(text, &verdict);
            let changes = !matches!(statement.kind, StatementKind::Read | StatementKind::Write);
            if changes {
                let _ = self.run(text).await;
            }
        }
    }
}

/// Verdicts, counted by kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) statements: usize,
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    pub(crate) skipped: usize,
    pub(crate) stricter: BTreeMap<String, Vec<String>>,
    pub(crate) false_errors: BTreeMap<String, Vec<String>>,
    pub(crate) missed: BTreeMap<String, Vec<String>>,
    pub(crate) other_columns: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, sql: &str, verdict: &Verdict) {
        self.statements += 1;
        let shown = || sql.split_whitespace().collect::<Vec<_>>().join(" ");
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Refused => self.refused += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Stricter(mistakes) => self.stricter.entry(class(&mistakes[0].message)).or_default().push(shown()),
            Verdict::FalseError(mistakes) => {
                let first = mistakes.iter().find(|mistake| !mistake.engine_accepts).unwrap_or(&mistakes[0]);
                let shown = format!("{}\n        {}", first.message, shown());
                self.false_errors.entry(class(&first.message)).or_default().push(shown);
            }
            Verdict::Missed(theirs) => {
                let theirs = theirs.rsplit_once("SQLite failure: ").map_or(theirs.as_str(), |(_, message)| message);
                self.missed.entry(engine_class(theirs)).or_default().push(format!("{theirs}\n        {}", shown()));
            }
            Verdict::OtherColumns(ours, theirs) => {
                self.other_columns.push(format!("{ours:?}\n        {theirs:?}\n        {}", shown()));
            }
        }
    }

    /// The counts, and of each class some examples.
    pub(crate) fn report(&self, examples: usize) -> String {
        let mut text = format!(
            "{} statements: {} accepted by both, {} refused by both, {} not compared\n",
            self.statements, self.accepted, self.refused, self.skipped
        );
        let classes = [("stricter", &self.stricter), ("FALSE ERRORS", &self.false_errors), ("missed", &self.missed)];
        for (title, classes) in classes {
            let total: usize = classes.values().map(Vec::len).sum();
            let _ = writeln!(text, "{title}: {total}");
            let mut sorted: Vec<_> = classes.iter().collect();
            sorted.sort_by_key(|(_, all)| std::cmp::Reverse(all.len()));
            for (class, all) in sorted {
                let _ = writeln!(text, "  {:5} {class}", all.len());
                for example in all.iter().take(examples) {
                    let _ = writeln!(text, "      {}", shortened(example));
                }
            }
        }
        let _ = writeln!(text, "other columns: {}", self.other_columns.len());
        for example in self.other_columns.iter().take(4 * examples) {
            let _ = writeln!(text, "      {}", shortened(example));
        }
        text
    }
}

/// The name of a column with the type that was taken from it.
fn whole_name(column: Output) -> String {
    column.stated.map_or(column.name.clone(), |stated| format!("{}: {stated}", column.name))
}

fn shortened(text: &str) -> String {
    let end = text.char_indices().nth(500).map_or(text.len(), |(at, _)| at);
    text[..end].to_owned()
}

/// A message without the names in it.
fn class(message: &str) -> String {
    let parts = message.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" });
    parts.collect::<Vec<_>>().join("`")
}

/// A message of the engine without the names in it.
fn engine_class(message: &str) -> String {
    if message.contains("syntax error") {
        return "syntax error".to_owned();
    }
    message.split_once(':').map_or(message, |(class, _)| class).to_owned()
}
