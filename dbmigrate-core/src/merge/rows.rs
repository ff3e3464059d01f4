//! Rows that the statements of one side write, and what the other side demands of rows from then on.

use super::Edit;
use super::answers::Side;
use super::conflict::{Conflict, ConflictKind};
use crate::diff::diff;
use crate::plan::{Decisions, Trace};
use crate::schema::Table;
use crate::shell::shell_quoted;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Head, Name, Statement, Verb};

/// What a table demands that it did not.
struct Demand {
    table: Name,
    column: Option<Name>,
    /// A column whose values decide about it, if it is about a whole row.
    about: Option<Name>,
    /// Whether it is about a column that was there before, and could stay as it was.
    is_change: bool,
    what: String,
}

/// Statements of one side that may write rows which the other side refuses: NULL, or nothing, where there has to be a
/// value from then on; any row where there is a new key, check or foreign key. Whether a row is really refused shows when both are
/// executed; this says what it was about.
///
/// `stricter` is the side whose demands are looked at, `decisions` those of its migration, `statements` are of the
/// `other` one. `side` tells which of the two `stricter` is.
pub fn against_rows(
    stricter: &Edit<'_>,
    other: &Edit<'_>,
    decisions: &Decisions,
    statements: &[Statement<'_>],
    side: Side,
) -> Vec<Conflict> {
    let made = Trace::between(stricter.from, stricter.to, stricter.renames);
    let back = Trace::between(other.from, other.to, other.renames).inverse();
    let (made_back, there) = (made.inverse(), back.inverse());
    let demands = demands(stricter, decisions);
    let mut found: Vec<Conflict> = Vec::new();
    for statement in statements {
        let Some(write) = Write::read(statement) else { continue };
        let base = back.table(&write.table).unwrap_or(&write.table);
        let Some(table) = made.table(base) else { continue };
        for demand in demands.iter().filter(|demand| demand.table == *table) {
            let column = demand.column.as_ref();
            // by the name that the other side has for it
            let theirs = column.map(|column| {
                let was = made_back.column(table, column).map_or(column, |(_, was)| was);
                there.column(base, was).map_or(was, |(_, now)| now)
            });
            if theirs.is_some_and(|column| write.fills(column, other.to.table(&write.table))) {
                continue;
            }
            let object: Vec<Name> = std::iter::once(table).chain(column).cloned().collect();
            let writes = format!("writes rows of `{}`: `{}`", write.table, Expr::new(statement.text).said());
            let what = if side == Side::Ours { [demand.what.clone(), writes] } else { [writes, demand.what.clone()] };
            let noun = if column.is_some() { "column" } else { "table" };
            let mut conflict = Conflict::new(ConflictKind::RowsRefused, noun, &object, what);
            if let (Side::Ours, Some(column)) = (side, column) {
                let value = shell_quoted(&format!("{}=EXPRESSION", path([table, column])));
                let words = "to fill those rows (any SQL expression)".to_owned();
                conflict.answers.push((words, format!("--backfill {value}")));
            }
            if side == Side::Ours && demand.is_change {
                conflict = conflict.or_take(Side::Theirs, "to leave the column as the other has it");
            }
            if let (Side::Ours, Some(column)) = (side, &demand.about) {
                let value = shell_quoted(&format!("{}=EXPRESSION", path([table, column])));
                let words = "to change their values before (any SQL expression)".to_owned();
                conflict.answers.push((words, format!("--convert {value}")));
            }
            if !found.iter().any(|one| one.object == conflict.object) {
                found.push(conflict);
            }
        }
    }
    found
}

fn demands(edit: &Edit<'_>, decisions: &Decisions) -> Vec<Demand> {
    let Ok(difference) = diff(edit.from, edit.to, edit.renames) else { return Vec::new() };
    let mut found = Vec::new();
    for changed in &difference.tables {
        let (Some(before), Some(after)) = (difference.renamed.table(&changed.name), edit.to.table(&changed.name))
        else {
            continue;
        };
        let mut add = |column: Option<&Name>, about: Option<&Name>, what: String| {
            // what is new has no values that could be changed
            let is_change = |column: &&Name| before.column(column).is_some();
            found.push(Demand {
                table: after.name.clone(),
                column: column.cloned(),
                about: about.filter(is_change).cloned(),
                is_change: column.as_ref().is_some_and(is_change),
                what,
            });
        };
        let is_filled = |column: &Name| decisions.backfills.contains_key(&(after.name.clone(), column.clone()));
        for column in after.columns.iter().filter(|column| !is_filled(&column.name)) {
            let needs_value =
                after.rejects_null(column) && column.effective_default().is_none() && column.generated.is_none();
            let needed = before.column(&column.name).is_some_and(|was| before.rejects_null(was));
            if needs_value && !needed && after.rowid_alias().is_none_or(|alias| alias.name != column.name) {
                let is_new = before.column(&column.name).is_none();
                let place = path([&after.name, &column.name]);
                let what = match is_new {
                    true => format!("adds column `{place}`, NOT NULL and without a default"),
                    false => format!("makes column `{place}` NOT NULL"),
                };
                add(Some(&column.name), None, what);
            }
        }
        for check in &changed.added_checks {
            let about = after.columns.iter().find(|column| check.expr.mentions(&column.name));
            let what = format!("adds the check `{}` to `{}`", check.expr.said(), after.name);
            add(None, about.map(|column| &column.name), what);
        }
        let key = after.primary_key.as_ref().filter(|_| changed.primary_key);
        let keys = key.and_then(|key| key.parts.first()).map(|part| &part.column);
        let uniques = changed.added_uniques.iter().filter_map(|unique| unique.parts.first()).map(|part| &part.column);
        let created = changed.created_indexes.iter().chain(&changed.changed_indexes);
        let mut indexes = created.filter_map(|name| after.indexes.get(name)).filter(|index| index.unique).peekable();
        let is_unique = changed.primary_key || !changed.added_uniques.is_empty() || indexes.peek().is_some();
        if is_unique {
            let indexed = indexes.find_map(|index| after.columns.iter().find(|one| index.mentions(&one.name)));
            let about = keys.into_iter().chain(uniques).chain(indexed.map(|column| &column.name)).next();
            add(None, about, format!("makes values of `{}` unique", after.name));
        }
        for key in &changed.added_foreign_keys {
            let what = format!("adds a foreign key from `{}` to `{}`", after.name, key.parent);
            add(None, key.columns.first(), what);
        }
    }
    found
}

/// An `INSERT`, `REPLACE` or `UPDATE`.
struct Write {
    table: Name,
    /// The columns that it sets, where it says which.
    columns: Option<Vec<Name>>,
    /// Whether one of the values is written as NULL.
    has_null: bool,
    is_update: bool,
}

impl Write {
    fn read(statement: &Statement<'_>) -> Option<Self> {
        let tokens = significant(statement.text);
        let Some(Head::Write(verb, table)) = Head::read(statement.kind, &tokens) else { return None };
        let is_update = match verb {
            Verb::Insert | Verb::Replace => false,
            Verb::Update => true,
            Verb::Delete => return None,
        };
        let verb = if is_update { "update" } else { "into" };
        let at = tokens.iter().position(|token| token.is_word(verb))?;
        // where its name ends
        let at = tokens.iter().skip(at).position(|token| token.identifier().is_some_and(|name| table == *name))? + at;
        let has_null = tokens.iter().any(|token| token.is_word("null"));
        let columns = if is_update {
            let set = tokens.iter().skip(at).position(|token| token.is_word("set"))? + at;
            let end = tokens.iter().skip(set).position(|token| token.is_word("where") || token.is_word("from"));
            let end = end.map_or(tokens.len(), |end| end + set);
            let names = tokens[set..end].windows(2).filter(|pair| pair[1].text == "=");
            Some(names.filter_map(|pair| pair[0].identifier().map(Name::from)).collect())
        } else {
            let open = tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Open);
            open.then(|| {
                let names = tokens[at + 2..].iter().take_while(|token| token.kind != TokenKind::Close);
                names
                    .filter(|token| token.kind != TokenKind::Comma)
                    .filter_map(|token| token.identifier().map(Name::from))
                    .collect()
            })
        };
        Some(Self { table, columns, has_null, is_update })
    }

    /// Whether it certainly gives the column a value, or does not touch it.
    fn fills(&self, column: &Name, table: Option<&Table>) -> bool {
        let is_set = match &self.columns {
            Some(columns) => columns.contains(column),
            None => table.is_some_and(|table| table.column(column).is_some()),
        };
        if self.is_update { !is_set || !self.has_null } else { is_set && !self.has_null }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::Renames;
    use crate::sql::split;

    fn found(after: &str, script: &str, fills: &[&str]) -> String {
        let from = schema_of("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INT)");
        let (to, none) = (schema_of(after), Renames::default());
        let mut decisions = Decisions::default();
        for column in fills {
            decisions.backfills.insert(("users".into(), (*column).into()), Expr::new("''"));
        }
        let (stricter, other) =
            (Edit { from: &from, to: &to, renames: &none }, Edit { from: &from, to: &from, renames: &none });
        let conflicts = against_rows(&stricter, &other, &decisions, &split(script), Side::Ours);
        conflicts.iter().map(|one| one.object.clone()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_row_without_a_value_for_what_becomes_not_null_is_named() {
        let after = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INT)";
        for (script, wanted) in [
            ("INSERT INTO users (id) VALUES (1)", "users.email"),
            ("INSERT INTO users VALUES (1, NULL, 3)", "users.email"),
            ("INSERT INTO users VALUES (1, 'a', 3); UPDATE users SET age = 1", ""),
            ("INSERT OR IGNORE INTO users (id, email) VALUES (1, 'a')", ""),
            ("UPDATE users SET email = NULL WHERE id = 1", "users.email"),
            ("INSERT INTO posts (id) VALUES (1)", ""),
        ] {
            assert_eq!(found(after, script, &[]), wanted, "{script}");
            assert_eq!(found(after, script, &["email"]), "", "{script}");
        }
    }

    #[test]
    fn a_new_column_a_check_and_a_key_may_refuse_rows() {
        let script = "INSERT INTO users (id, email) VALUES (1, 'a')";
        let columns = "id INTEGER PRIMARY KEY, email TEXT, age INT";
        for (after, wanted) in [
            (format!("{columns}, bio TEXT NOT NULL"), "users.bio"),
            (format!("{columns}, bio TEXT NOT NULL DEFAULT ''"), ""),
            (format!("{columns}, CHECK (age > 0)"), "users"),
            (format!("{columns}, UNIQUE (email)"), "users"),
        ] {
            assert_eq!(found(&format!("CREATE TABLE users ({after})"), script, &[]), wanted, "{after}");
        }
    }
}
