//! What only a person can decide: renames, losses, and what existing rows get.

use std::collections::{BTreeMap, BTreeSet};

use super::lint::Lint;
use super::preflight::Preflight;
use crate::diff::{Diff, Renames, TableDiff, rename::displaced};
use crate::schema::{Column, Schema, Table};
use crate::shell::shell_quoted;
use crate::sql::path::path;
use crate::sql::{Expr, Name};

/// What was accepted by name.
#[derive(Debug, Clone, Default)]
pub struct Accepted {
    /// Everything.
    pub all: bool,
    /// Lints with their objects, the latter in lower case.
    pub named: BTreeSet<(Lint, String)>,
    /// Tables of a database that no struct declares, and that are to stay beside a new one that is like them.
    pub kept_tables: BTreeSet<Name>,
    /// Views of a database that no struct declares, and that are to go.
    pub dropped_views: BTreeSet<Name>,
}

impl Accepted {
    /// Accepts one thing.
    pub fn add(&mut self, lint: Lint, object: &str) {
        self.named.insert((lint, object.to_ascii_lowercase()));
    }

    /// Whether it was accepted.
    pub fn has(&self, lint: Lint, object: &str) -> bool {
        self.all || self.named.contains(&(lint, object.to_ascii_lowercase()))
    }
}

/// All decisions for one plan.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// Renames.
    pub renames: Renames,
    /// Losses that are accepted.
    pub accepted: Accepted,
    /// What existing rows get, by table (new name) and column.
    pub backfills: BTreeMap<(Name, Name), Expr>,
    /// What the values of existing rows become, by table (new name) and column: an expression over the row as it was,
    /// with renamed columns by their new names.
    pub conversions: BTreeMap<(Name, Name), Expr>,
    /// The number of the migration, if what it drops and converts is to be kept.
    pub keep: Option<u32>,
    /// Whether all renames are known, so that what is gone and what is new are never one.
    pub knows_renames: bool,
    /// Whether others are to go on with a table whose rows are all written anew: `DROP COLUMN` keeps them waiting, and a
    /// rebuild can be done in pieces.
    pub online: bool,
}

impl Decisions {
    pub(crate) fn backfill(&self, table: &Name, column: &Name) -> Option<&Expr> {
        self.backfills.get(&(table.clone(), column.clone()))
    }

    pub(crate) fn conversion(&self, table: &Name, column: &Name) -> Option<&Expr> {
        self.conversions.get(&(table.clone(), column.clone()))
    }
}

/// A decision that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A table is gone: dropped, or renamed to one of the new ones?
    TableGone {
        /// The table, by its old name.
        table: Name,
        /// New tables that it may have been renamed to, the most similar first.
        candidates: Vec<Name>,
        /// Whether it can stay as it is beside the new one: in a database that has more than is declared.
        may_stay: bool,
    },
    /// A column is gone: dropped, or renamed to one of the new ones?
    ColumnGone {
        /// The table, by its new name.
        table: Name,
        /// The column.
        column: Name,
        /// New columns that it may have been renamed to, those of the same type first.
        candidates: Vec<Name>,
    },
    /// A column becomes generated: may its values be discarded?
    BecomesGenerated {
        /// The table.
        table: Name,
        /// The column.
        column: Name,
    },
    /// A column gets a type by which most of the values that it can have now cannot be read.
    Conversion {
        /// The table.
        table: Name,
        /// The column.
        column: Name,
        /// The declared types before and after, and what is read then, in words.
        types: [String; 3],
        /// A conversion that would do, as an example.
        example: Option<String>,
    },
    /// What do the existing rows get in a new column that cannot be NULL and has no default?
    Backfill {
        /// The table.
        table: Name,
        /// The column.
        column: Name,
        /// An expression that would do for its type, as an example.
        example: Expr,
    },
}

impl Question {
    /// The lint whose acceptance answers the question, with its object.
    pub fn lint(&self) -> (Lint, String) {
        match self {
            Self::TableGone { table, .. } => (Lint::DropTable, path([table])),
            Self::ColumnGone { table, column, .. } => (Lint::DropColumn, path([table, column])),
            Self::BecomesGenerated { table, column } => (Lint::DiscardValues, path([table, column])),
            Self::Conversion { table, column, .. } => (Lint::LossyConversion, path([table, column])),
            Self::Backfill { table, column, .. } => (Lint::NotNullWithoutDefault, path([table, column])),
        }
    }

    /// The question, in one line. `count` is how many rows or values it is about, where that is known.
    pub fn message(&self, count: Option<u64>) -> String {
        // "42 values", "its values"
        let all = |noun: &str| match count {
            Some(1) => format!("1 {noun}"),
            Some(count) => format!("{count} {noun}s"),
            None => format!("its {noun}s"),
        };
        let dropped = |noun: &str, otherwise: &str| match count {
            Some(_) => format!("or dropped with {}?", all(noun)),
            None => otherwise.to_owned(),
        };
        let (and_added, only) = ("or dropped and added?", "or dropped?");
        match self {
            Self::TableGone { table, candidates, may_stay } => {
                let gone = if *may_stay { "is declared by no struct" } else { "is gone" };
                match &candidates[..] {
                    [] => format!("table `{table}` {gone}: {} would be lost", all("row")),
                    [new] => {
                        format!("table `{table}` {gone} and `{new}` is new: renamed, {}", dropped("row", and_added))
                    }
                    several => {
                        let several = ticked(several);
                        format!("table `{table}` {gone} and {several} are new: renamed, {}", dropped("row", only))
                    }
                }
            }
            Self::ColumnGone { table, column, candidates } => match &candidates[..] {
                [] => format!("column `{table}.{column}` is gone: {} would be lost", all("value")),
                [new] => {
                    let dropped = dropped("value", and_added);
                    format!("column `{table}.{column}` is gone and `{table}.{new}` is new: renamed, {dropped}")
                }
                several => {
                    let (several, dropped) = (ticked(several), dropped("value", only));
                    format!("column `{table}.{column}` is gone and {several} are new: renamed, {dropped}")
                }
            },
            Self::BecomesGenerated { table, column } => {
                let values = if count.is_some() { all("value") } else { "the values that it has".to_owned() };
                format!("column `{table}.{column}` becomes generated: {values} would be lost")
            }
            Self::Conversion { table, column, types: [from, to, read], .. } => {
                format!(
                    "column `{table}.{column}` changes from {from} to {to}: what about values that cannot be read as \
                     {read}?"
                )
            }
            Self::Backfill { table, column, .. } => {
                let rows = match count {
                    Some(1) => "does the existing row".to_owned(),
                    Some(count) => format!("do the {count} existing rows"),
                    None => "do existing rows".to_owned(),
                };
                format!("column `{table}.{column}` is new, NOT NULL and has no default: what value {rows} get?")
            }
        }
    }

    /// The query that counts what it is about in a database that has the old schema.
    pub fn count_query(&self, renames: &Renames) -> String {
        let (table, counted) = self.counted(renames);
        format!("SELECT {counted} FROM {}", table.sql())
    }

    /// The check that there is still nothing to lose where there was nothing when it was looked at.
    pub fn guard(&self, renames: &Renames) -> Preflight {
        let (table, counted) = self.counted(renames);
        let (lint, object) = self.lint();
        let message = format!("`{object}` was empty and has {{}} now, which needs a decision ({lint})");
        Preflight::new(table, message, super::preflight::if_any(&counted, "", &table.sql()))
    }

    /// The table by its old name, and the aggregate that counts what is of interest in it.
    fn counted<'a>(&'a self, renames: &'a Renames) -> (&'a Name, String) {
        let values = |column: &Name| format!("count({})", column.sql());
        match self {
            Self::TableGone { table, .. } => (table, "count(*)".to_owned()),
            // the name that it has before, also where another column takes it over
            Self::ColumnGone { table, column, .. } => (renames.old_table(table), values(column)),
            Self::BecomesGenerated { table, column } | Self::Conversion { table, column, .. } => {
                (renames.old_table(table), values(renames.old_column(table, column)))
            }
            Self::Backfill { table, .. } => (renames.old_table(table), "count(*)".to_owned()),
        }
    }

    /// The flags that answer the question, each with the words that introduce it.
    pub fn answers(&self) -> Vec<(String, String)> {
        let (lint, object) = self.lint();
        let accept = format!("--accept {lint}:{}", shell_quoted(&object));
        match self {
            Self::TableGone { table, candidates, may_stay } => {
                let words = if *may_stay { "if it is not needed" } else { "if its rows are no longer needed" };
                let mut answers = renames(candidates, &path([table]), words, &accept, *may_stay);
                let keep = format!("--accept keep_table:{}", shell_quoted(&path([table])));
                answers.extend(may_stay.then(|| ("to keep it beside the new table".to_owned(), keep)));
                answers
            }
            Self::ColumnGone { table, column, candidates } => {
                renames(candidates, &path([table, column]), "if its values are no longer needed", &accept, false)
            }
            Self::BecomesGenerated { .. } => vec![("if its values are no longer needed".to_owned(), accept)],
            Self::Conversion { table, column, example, .. } => {
                let convert = example.as_ref().map(|example| {
                    let value = shell_quoted(&format!("{}={example}", path([table, column])));
                    ("to convert them (any SQL expression)".to_owned(), format!("--convert {value}"))
                });
                convert.into_iter().chain([("if they may stay unreadable".to_owned(), accept)]).collect()
            }
            Self::Backfill { table, column, example } => vec![
                (
                    "to fill existing rows (any SQL expression)".to_owned(),
                    format!("--backfill {}", shell_quoted(&format!("{}={example}", path([table, column])))),
                ),
                ("if the table is empty everywhere".to_owned(), accept),
            ],
        }
    }
}

fn renames(candidates: &[Name], from: &str, otherwise: &str, accept: &str, has_third: bool) -> Vec<(String, String)> {
    let mut answers: Vec<(String, String)> = candidates
        .iter()
        .take(5)
        .map(|to| ("if renamed".to_owned(), format!("--rename {}", shell_quoted(&format!("{from}={}", path([to]))))))
        .collect();
    let words = if answers.is_empty() || has_third { otherwise } else { "if not" };
    answers.push((words.to_owned(), accept.to_owned()));
    answers
}

fn ticked(names: &[Name]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The decisions that are missing for a difference.
pub fn questions(diff: &Diff, old: &Schema, new: &Schema, decisions: &Decisions) -> Vec<Question> {
    let mut questions = Vec::new();
    let is_open = |question: &Question| {
        let (lint, object) = question.lint();
        !decisions.accepted.has(lint, &object)
    };
    for name in &diff.dropped_tables {
        let Some(table) = old.table(name) else { continue };
        questions.push(Question::TableGone {
            table: name.clone(),
            candidates: table_candidates(table, &diff.created_tables, new),
            may_stay: false,
        });
    }
    for name in diff.virtual_tables.dropped.iter().filter(|name| keeps_rows_itself(old, name)) {
        questions.push(Question::TableGone { table: name.clone(), candidates: Vec::new(), may_stay: false });
    }
    for table in &diff.tables {
        let (Some(before), Some(after)) = (diff.renamed.table(&table.name), new.table(&table.name)) else { continue };
        questions.extend(dropped_columns(table, before, after));
        for change in table.changed.iter().filter(|change| change.generated) {
            let has = |table: &Table| table.column(&change.name).is_some_and(|column| column.generated.is_some());
            if !has(before) && has(after) {
                questions.push(Question::BecomesGenerated { table: table.name.clone(), column: change.name.clone() });
            }
        }
        for name in &table.added {
            let Some(column) = after.column(name) else { continue };
            if needs_backfill(after, column) && decisions.backfill(&table.name, name).is_none() {
                questions.push(Question::Backfill {
                    table: table.name.clone(),
                    column: name.clone(),
                    example: example_value(column, &table.added, before, after),
                });
            }
        }
    }
    questions.retain(is_open);
    if decisions.knows_renames {
        for question in &mut questions {
            if let Question::TableGone { candidates, .. } | Question::ColumnGone { candidates, .. } = question {
                candidates.clear();
            }
        }
    }
    questions
}

/// Those of `open` that can be answered now: what a new column gets is of interest only once it is known not to be a
/// renamed one.
pub fn answerable(open: Vec<Question>) -> Vec<Question> {
    let may_be_renamed: Vec<(Name, Name)> = open
        .iter()
        .filter_map(|question| match question {
            Question::ColumnGone { table, candidates, .. } => Some((table.clone(), candidates.first()?.clone())),
            _ => None,
        })
        .collect();
    let waits = |question: &Question| match question {
        Question::Backfill { table, column, .. } => may_be_renamed.contains(&(table.clone(), column.clone())),
        _ => false,
    };
    open.into_iter().filter(|question| !waits(question)).collect()
}

/// The flags that answer all of `open` as renames, if each has one candidate and no two the same.
pub fn as_renames(open: &[Question]) -> Option<Vec<String>> {
    let mut taken = std::collections::BTreeSet::new();
    open.iter()
        .map(|question| {
            let target = match question {
                Question::TableGone { candidates, .. } => (None, candidates),
                Question::ColumnGone { table, candidates, .. } => (Some(table), candidates),
                Question::BecomesGenerated { .. } | Question::Conversion { .. } | Question::Backfill { .. } => {
                    return None;
                }
            };
            let (table, [only]) = (target.0, &target.1[..]) else { return None };
            let is_free = taken.insert((table, only));
            question.answers().into_iter().next().filter(|_| is_free).map(|(_, flag)| flag)
        })
        .collect()
}

/// The lints that were accepted and are needed, with their objects: what the migration allows.
pub(crate) fn allowed(diff: &Diff, old: &Schema, new: &Schema, decisions: &Decisions) -> Vec<(Lint, String)> {
    let undecided = Decisions { accepted: Accepted::default(), ..decisions.clone() };
    let mut allowed: Vec<(Lint, String)> = questions(diff, old, new, &undecided).iter().map(Question::lint).collect();
    let named = decisions.accepted.named.iter().filter(|(lint, _)| *lint == Lint::LossyConversion).cloned();
    let converted = decisions.conversions.keys().map(|(table, column)| (Lint::LossyConversion, path([table, column])));
    for (lint, object) in named.chain(converted) {
        if !allowed.iter().any(|(one, other)| *one == lint && other.eq_ignore_ascii_case(&object)) {
            allowed.push((lint, object));
        }
    }
    allowed
}

/// Whether existing rows would have nothing to put into the column.
pub(super) fn needs_backfill(table: &Table, column: &Column) -> bool {
    let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
    table.rejects_null(column) && column.effective_default().is_none() && column.generated.is_none() && !is_rowid
}

fn dropped_columns(diff: &TableDiff, before: &Table, after: &Table) -> Vec<Question> {
    let is_stored = |name: &Name| before.column(name).is_some_and(|column| column.generated.is_none());
    let added = |name: &&Name| after.column(name).is_some_and(|column| column.generated.is_none());
    let mut questions = Vec::new();
    // what a generated column holds can be computed again
    for name in diff.dropped.iter().filter(|name| is_stored(name)) {
        let mut candidates: Vec<Name> = diff.added.iter().filter(added).cloned().collect();
        let decl_type = before.column(name).map(|column| column.decl_type.canonical());
        candidates
            .sort_by_key(|candidate| after.column(candidate).map(|column| column.decl_type.canonical()) != decl_type);
        let displaced_name = after.columns.iter().map(|column| &column.name).find(|column| displaced(column) == *name);
        if displaced_name.is_some() {
            candidates.clear();
        }
        let column = displaced_name.unwrap_or(name).clone();
        questions.push(Question::ColumnGone { table: diff.name.clone(), column, candidates });
    }
    questions
}

/// New tables that share columns with a table that is gone, the most similar first.
pub(super) fn table_candidates(gone: &Table, created: &[Name], new: &Schema) -> Vec<Name> {
    let shared = |candidate: &Table| {
        let both = candidate.columns.iter().filter(|column| gone.column(&column.name).is_some()).count();
        both * 100 / gone.columns.len().max(candidate.columns.len()).max(1)
    };
    let tables = created.iter().filter_map(|name| new.table(name));
    let mut scored: Vec<(usize, Name)> =
        tables.map(|table| (shared(table), table.name.clone())).filter(|(score, _)| *score >= 30).collect();
    scored.sort_by(|one, two| two.0.cmp(&one.0).then_with(|| one.1.cmp(&two.1)));
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Whether a virtual table holds rows of its own, rather than an index of another table's.
fn keeps_rows_itself(schema: &Schema, name: &Name) -> bool {
    schema
        .virtual_tables
        .get(name)
        .is_some_and(|table| table.option("content").is_none_or(|content| content.is_empty()))
}

/// A value for existing rows: the same for all, or another for each, where a key needs it that is only of the column
/// and of new ones.
pub(super) fn example_value(column: &Column, added: &[Name], before: &Table, after: &Table) -> Expr {
    use crate::sql::expr::Affinity;
    let fills = |name: &Name| *name == column.name || added.contains(name);
    let differs = after.unique_keys().any(|key| key.contains(&column.name) && key.iter().all(fills));
    // the number of a row may be a value of another row, where the column has values
    let rowid = before.free_rowid_name().filter(|_| added.contains(&column.name));
    let number = || rowid.map_or_else(|| "random()".to_owned(), |rowid| rowid.to_string());
    Expr::new(match (column.decl_type.affinity(), differs) {
        (Affinity::Text, true) => "lower(hex(randomblob(16)))".to_owned(),
        (Affinity::Blob, true) => "randomblob(16)".to_owned(),
        (Affinity::Integer | Affinity::Numeric | Affinity::Real, true) => number(),
        (Affinity::Text, false) => "''".to_owned(),
        (Affinity::Blob, false) => "x''".to_owned(),
        (Affinity::Integer | Affinity::Numeric, false) => "0".to_owned(),
        (Affinity::Real, false) => "0.0".to_owned(),
    })
}

#[cfg(test)]
mod tests;
