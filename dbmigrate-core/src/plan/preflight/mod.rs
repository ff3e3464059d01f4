//! Queries that find the rows which a migration would fail on, or change, before anything is touched.
//!
//! Each returns no row if all is well, else one row: how many there are, and where the first one is. They run against
//! the old schema, so they speak of tables and columns by their old names. What a conversion makes of a column is
//! looked at in its place ([`probe`]), new columns with the values that they get ([`made`]); [`values`] asks what a column cannot take, [`mod@keys`] what is there twice,
//! [`references`] what leads nowhere.

mod keys;
mod made;
mod probe;
mod references;
mod values;

#[cfg(feature = "engine")]
pub(crate) use references::orphan;

use super::{Accepted, Decisions, Input, Strategy};
use crate::diff::{Diff, TableDiff};
use crate::schema::validate::Place;
use crate::schema::{ForeignKey, Schema, Table};
use crate::shell::shell_flag;
use crate::sql::Name;
use crate::sql::token::{Token, TokenKind, significant};
use probe::Probe;

/// What a preflight looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sought {
    /// Rows, of which a new column has no value.
    NoValue,
    /// NULL in a column that takes none, or that a backfill or a conversion puts there.
    Null,
    /// NULL that is computed for a generated column which takes none.
    GeneratedNull,
    /// Values that are computed for a generated column and that a STRICT table refuses.
    GeneratedRefused,
    /// Values that a STRICT table, a rowid or an index of vectors refuses.
    Refused,
    /// Values that become others, or that cannot be read any more.
    Changed,
    /// Both of these: each is a part of its own.
    RefusedOrChanged,
    /// What is there twice in what becomes unique.
    Duplicates,
    /// What is there twice in what was unique, as another collation compares it.
    DuplicatesByCollation,
    /// What is there twice in what was unique already, as it is compared: nothing.
    NoDuplicates,
    /// Rows that a check rejects.
    Rejected,
    /// References to rows that are not there.
    Orphans,
    /// Something else.
    Other,
}

/// A query that has to return nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// What it looks for.
    pub sought: Sought,
    /// The columns that it is about, by their new names.
    pub columns: Vec<Name>,
    /// Where it looks for several things, a query for each alone.
    pub parts: Vec<Preflight>,
    /// The table whose rows it looks at, by its old name.
    pub table: Name,
    /// What it means when a row comes back; each `{}` stands for a value of the row, in order.
    pub message: String,
    /// The query.
    pub query: String,
    /// A query that shows the rows, empty if there is none.
    pub rows: String,
    /// A query that shows some of the keys that lead nowhere, the first of which the message has; empty if there are none.
    pub keys: String,
    /// The check that rows violate, as it is said in a message.
    pub subject: Option<String>,
    /// What is to change that the rows contradict, by its new name.
    pub place: Option<Place>,
    /// The flags that would do something about the rows, each with the words that introduce it.
    pub answers: Vec<(String, String)>,
}

impl Preflight {
    pub(crate) fn new(table: &Name, message: String, query: String) -> Self {
        Self {
            sought: Sought::Other,
            columns: Vec::new(),
            parts: Vec::new(),
            table: table.clone(),
            message,
            query,
            rows: String::new(),
            keys: String::new(),
            subject: None,
            place: None,
            answers: Vec::new(),
        }
    }

    /// The query that looks for this alone, if it looks for it.
    pub fn part(&self, sought: Sought) -> Option<&Self> {
        if self.sought == sought { Some(self) } else { self.parts.iter().find(|part| part.sought == sought) }
    }

    /// A query of somebody else's, with what can be done about what it finds: words and a flag.
    pub fn of_query(table: &Name, message: String, query: String, answer: (String, String)) -> Self {
        Self { answers: vec![answer], ..Self::new(table, message, query) }
    }

    fn seeks(mut self, sought: Sought) -> Self {
        self.sought = sought;
        self
    }

    fn on(mut self, columns: &[Name]) -> Self {
        self.columns = columns.to_vec();
        self.parts = self.parts.into_iter().map(|part| part.on(columns)).collect();
        self
    }

    fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    fn answer(mut self, words: &str, flag: &str, value: &str) -> Self {
        self.answers.push((words.to_owned(), shell_flag(&format!("--{flag}"), value)));
        self
    }
}

/// How many of the keys that lead nowhere are shown.
pub(crate) const KEYS_SHOWN: usize = 5;

/// What can be known of the rows before a migration.
#[derive(Default)]
pub(super) struct Preflights {
    /// The queries.
    pub(super) all: Vec<Preflight>,
    /// Tables, by their old names, with constraints that no query foresees: over values that the migration itself
    /// makes up. Their rows are left to the engine, which may refuse them.
    pub(super) unforeseen: Vec<Name>,
    /// The columns whose values may be lost in a conversion, because that was accepted: `table.column`.
    pub(super) accepted: Vec<String>,
}

impl Preflights {
    pub(super) fn of(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Self {
        let mut found = Self::default();
        for (diff, strategy) in strategies {
            let old_name = input.diff.renames.old_table(&diff.name);
            let (Some(old), Some(before)) = (input.old.table(old_name), input.diff.renamed.table(&diff.name)) else {
                continue;
            };
            let table = Probe::new(input, old, before, diff);
            for column in &table.after.columns {
                let all = [table.null(column), table.computed_type(column), table.without_value(column)];
                let conversion = table.conversion(column, &mut found.accepted);
                let mut columns = vec![column.name.clone()];
                if let Some(generated) = &column.generated {
                    columns.extend(table.mentioned(|name| *name != column.name && generated.expr.mentions(name)));
                }
                found.all.extend(all.into_iter().flatten().chain(conversion).map(|one| one.on(&columns)));
            }
            let indexes = diff.created_indexes.iter().chain(&diff.changed_indexes);
            let indexes = indexes.filter_map(|name| table.after.indexes.get(name));
            found.all.extend(indexes.filter_map(|index| table.vectors(index)));
            let rebuilt = matches!(strategy, Strategy::Rebuild(_));
            for (columns, probe) in table.constraints(rebuilt) {
                match probe {
                    Some(preflight) => found.all.push(preflight.on(&columns)),
                    None => found.leave_to_engine(old_name),
                }
                // what a conversion makes of the values shows only when they are written
                if columns.iter().any(|column| table.is_stored_otherwise(column)) {
                    found.leave_to_engine(old_name);
                }
            }
            if table.computes_what_is_constrained() {
                found.leave_to_engine(old_name);
            }
        }
        for child in children_of_changed(input) {
            found.leave_to_engine(child);
        }
        found
    }

    fn leave_to_engine(&mut self, table: &Name) {
        if !self.unforeseen.contains(table) {
            self.unforeseen.push(table.clone());
        }
    }
}

/// Tables, by their old names, with a foreign key to columns that change, so that what was equal may differ.
fn children_of_changed<'a>(input: &'a Input<'_>) -> Vec<&'a Name> {
    let changed: Vec<&TableDiff> = input.diff.tables.iter().filter(|diff| !diff.changed.is_empty()).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let changes = |key: &ForeignKey| {
        // most tables refer to another one
        let Some(diff) = changed.iter().find(|diff| diff.name == key.parent) else { return false };
        let columns = input.new.referenced_columns(key).unwrap_or_default();
        diff.changed.iter().any(|change| columns.contains(&change.name))
    };
    let refers = |table: &&Table| table.foreign_keys.iter().any(changes);
    let children = input.new.tables.iter().filter(refers);
    children
        .filter(|table| input.diff.renamed.tables.contains(&table.name))
        .map(|table| input.diff.renames.old_table(&table.name))
        .collect()
}

/// The query that counts the rows of a table as it is before, for which a condition over its old names holds, and shows
/// the first of them.
pub(super) fn counting(
    input: &Input<'_>,
    diff: &TableDiff,
    message: &str,
    condition: &str,
    shown: &str,
) -> Option<Preflight> {
    let old = input.old.table(input.diff.renames.old_table(&diff.name))?;
    let before = input.diff.renamed.table(&diff.name)?;
    Some(Probe::new(input, old, before, diff).count(message, condition, shown))
}

/// The queries that would come before the plan, without making the plan: what the rows have to be like for the
/// difference, whoever writes the statements. Losses that were accepted are looked for all the same.
pub fn preflights(old: &Schema, new: &Schema, diff: &Diff, decisions: &Decisions) -> Vec<Preflight> {
    let is_filled = |table: &TableDiff| {
        let mut columns = decisions.backfills.keys().chain(decisions.conversions.keys());
        columns.any(|(name, _)| *name == table.name)
    };
    let tables = diff.tables.iter().filter(|table| may_contradict(new, table) || is_filled(table));
    let tables: Vec<&TableDiff> = tables.collect();
    if tables.is_empty() {
        return Vec::new();
    }
    let decisions = Decisions { accepted: Accepted::default(), ..decisions.clone() };
    let input = Input { old, new, diff, decisions: &decisions };
    let strategies: Vec<(&TableDiff, Strategy)> =
        tables.into_iter().map(|table| (table, input.strategy(table))).collect();
    Preflights::of(&input, &strategies).all
}

/// Whether rows may contradict what changes about a table: most changes only add what is NULL at first, or take away.
fn may_contradict(new: &Schema, diff: &TableDiff) -> bool {
    let Some(table) = new.table(&diff.name) else { return false };
    let mut added = diff.added.iter().filter_map(|name| table.column(name));
    let mut indexes = diff.created_indexes.iter().chain(&diff.changed_indexes);
    let is_plain = |name: &Name| {
        let index = table.indexes.get(name);
        index.is_none_or(|index| !index.unique && index.parts.iter().all(|part| part.expr.as_column().is_some()))
    };
    let constraints = diff.added_uniques.len() + diff.added_checks.len() + diff.added_foreign_keys.len();
    !diff.changed.is_empty()
        || diff.primary_key
        || diff.options
        || constraints > 0
        || added.any(|column| table.rejects_null(column) || column.generated.is_some())
        || !indexes.all(is_plain)
}

/// What stands behind `count(*) AS _count` in the inner query that [`if_any`] has made.
fn counted<'t, 's>(tokens: &'t [Token<'s>]) -> Option<&'t [Token<'s>]> {
    const BEFORE: [&str; 11] = ["select", "*", "from", "(", "select", "count", "(", "*", ")", "as", "_count"];
    const BEHIND: [&str; 5] = [")", "where", "_count", ">", "0"];
    let rest = behind_words(tokens, &BEFORE)?;
    let (inner, behind) = rest.split_at_checked(rest.len().checked_sub(BEHIND.len())?)?;
    behind_words(behind, &BEHIND).map(|_| inner)
}

/// What stands behind these words, if it begins with them.
fn behind_words<'t, 's>(tokens: &'t [Token<'s>], words: &[&str]) -> Option<&'t [Token<'s>]> {
    let (before, rest) = tokens.split_at_checked(words.len())?;
    before.iter().zip(words).all(|(token, word)| token.text.eq_ignore_ascii_case(word)).then_some(rest)
}

/// The query for the keys of the rows that a generated preflight counts, if it names the first of them: the same query
/// as `if_any` has made it, with each key instead of the lowest.
pub fn keys_of(query: &str) -> Option<String> {
    let tokens = significant(query);
    let inner = behind_words(counted(&tokens)?, &[",", "min", "("])?;
    let (mut depth, mut end, mut from) = (1_usize, None, None);
    for token in inner {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth = depth.checked_sub(1)?;
                end = end.or((depth == 0).then_some(token.start));
            }
            TokenKind::Word if depth == 0 && from.is_none() && token.is_word("from") => from = Some(token.start),
            _ => {}
        }
    }
    let key = query.get(inner.first()?.start..end?)?;
    let from = query.get(from?..inner.last()?.end())?;
    Some(format!("SELECT {key} {from}"))
}

/// The table that a generated preflight goes through, and the condition of the rows that it counts: as `if_any` has made
/// it of `table WHERE condition`.
pub fn counted_rows(query: &str) -> Option<(Name, &str)> {
    const CLAUSES: [&str; 8] = ["group", "order", "limit", "having", "union", "except", "intersect", "window"];
    let tokens = significant(query);
    let inner = counted(&tokens)?;
    let mut depth = 0_usize;
    let mut outside = Vec::new();
    for (at, token) in inner.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.checked_sub(1)?,
            TokenKind::Word if depth == 0 => outside.push(at),
            _ => {}
        }
    }
    let from = *outside.iter().find(|at| inner[**at].is_word("from"))?;
    let [table, place, condition @ ..] = inner.get(from + 1..)? else { return None };
    let is_more = |at: &&usize| **at > from + 2 && CLAUSES.iter().any(|word| inner[**at].is_word(word));
    if !place.is_word("where") || outside.iter().any(|at| is_more(&at)) {
        return None;
    }
    let text = query.get(condition.first()?.start..condition.last()?.end())?;
    Some((table.identifier()?.into(), text))
}

/// A query that returns a row if something is counted. `HAVING` without `GROUP BY` would say it more plainly, but libSQL
/// servers cannot read that.
pub(super) fn if_any(counted: &str, more: &str, from: &str) -> String {
    format!("SELECT * FROM (SELECT {counted} AS _count{more} FROM {from}) WHERE _count > 0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::{Renames, diff};
    use crate::plan::plan;

    /// Whether a preflight whose message has these words stands before a schema becomes another one.
    pub(super) fn looks_for(words: &str, before: &str, after: &str) -> bool {
        let (before, after) = (schema_of(before), schema_of(after));
        let diff = diff(&before, &after, &Renames::default()).expect("nothing is renamed");
        let plan = plan(&before, &after, &diff, &Decisions::default()).expect("there is a plan");
        plan.preflights.iter().any(|preflight| preflight.message.contains(words))
    }

    #[test]
    fn the_rows_that_a_generated_preflight_counts_are_read_off_it() {
        let query =
            if_any("count(*)", ", min(rowid), quote((SELECT 1 FROM x))", "\"a b\" WHERE c IN (SELECT d FROM e) OR 1");
        assert_eq!(counted_rows(&query), Some((Name::from("a b"), "c IN (SELECT d FROM e) OR 1")));
        for from in ["t", "t AS u WHERE a", "t, u WHERE a", "t WHERE a GROUP BY a", "(SELECT 1) WHERE a"] {
            assert_eq!(counted_rows(&if_any("count(*)", "", from)), None, "{from}");
        }
        assert_eq!(counted_rows("SELECT id FROM users WHERE id > 0"), None);
    }

    #[test]
    fn the_keys_of_a_generated_preflight_can_be_asked_for() {
        let query = if_any("count(*)", ", min(rowid), \"a  b\"", "users WHERE (nick IS NULL) AND x <> 'a  b'");
        let wanted = "SELECT rowid FROM users WHERE (nick IS NULL) AND x <> 'a  b'";
        assert_eq!(keys_of(&query).as_deref(), Some(wanted));
        for other in ["SELECT id FROM users", "SELECT * FROM (SELECT count(*) AS _count FROM t) WHERE _count > 0", ""] {
            assert_eq!(keys_of(other), None, "{other}");
        }
    }
}
