//! `cascade_deletes`.

use crate::lint::write::Write;
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::schema::validate::Place;
use crate::schema::{ForeignKey, ReferentialAction, Schema, Table};
use crate::sql::name::sql_list;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name, StatementKind, Verb};

pub(super) static RULE: Rule = Rule {
    name: "cascade_deletes",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "rows are deleted that others refer to, and what is to happen to those does not, as foreign keys are off",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (at, write) in migration.writes().iter().filter(|(_, write)| write.verb == Verb::Delete) {
        let Some(parent) = migration.old.table(&write.table) else { continue };
        let is_filled = |(other, another): &(usize, Write)| {
            other > at && another.table == parent.name && matches!(another.verb, Verb::Insert | Verb::Replace)
        };
        // rows that come back have their children again; a table that goes altogether is another matter
        if migration.diff.dropped_tables.contains(&parent.name) || migration.writes().iter().any(is_filled) {
            continue;
        }
        let Some(condition) = condition(migration.script.statements[*at].text, write) else { continue };
        for (child, at_key, key) in children(migration.old, &parent.name) {
            let is_itself = child.name == parent.name;
            if is_itself && condition.is_none() || is_taken_care_of(migration, child, key, *at) {
                continue;
            }
            let deleted = Deleted { schema: migration.old, parent, condition: condition.as_deref() };
            let Some(mut rows) = deleted.rows_of(key) else { continue };
            if let (true, Some(condition)) = (is_itself, &condition) {
                rows = format!("{rows} AND ({condition}) IS NOT TRUE");
            }
            let message = format!(
                "this DELETE leaves rows of `{}` behind, as {} does nothing while a migration runs: the migration fails if \
                 any refer to rows of `{}` that it deletes",
                path([&child.name]),
                action(key),
                path([&parent.name])
            );
            let finding = finding(migration, (child, at_key, key), parent, message, &rows).in_statement(*at);
            found.push(with_help(finding, migration.old, child, key, &rows));
        }
    }
    for name in &migration.diff.dropped_tables {
        let Some(parent) = migration.old.table(name) else { continue };
        for (child, at_key, key) in children(migration.old, name) {
            let after = crate::lint::passage::name_after(migration, &child.name).and_then(|name| migration.new.table(name));
            let still_refers = |after: &Table| after.foreign_keys.iter().any(|key| key.parent == *name);
            let drop = migration.statement_with(StatementKind::DropTable, name).unwrap_or_default();
            if !after.is_some_and(still_refers) || is_taken_care_of(migration, child, key, drop) {
                continue;
            }
            let message = format!(
                "`{0}` is dropped, and rows of `{1}` that refer to it stay, as {2} does nothing while a migration runs: the \
                 migration fails if there are any",
                path([name]),
                path([&child.name]),
                action(key)
            );
            let columns: Vec<String> = key.columns.iter().map(|column| format!("{} IS NOT NULL", column.sql())).collect();
            let rows = columns.join(" AND ");
            let finding = finding(migration, (child, at_key, key), parent, message, &rows).in_statement(drop);
            found.push(finding.help(format!("drop the foreign key of `{}` as well", path([&child.name]))));
        }
    }
}

/// The foreign keys that would change rows if rows of a table were deleted.
fn children<'s>(schema: &'s Schema, parent: &Name) -> Vec<(&'s Table, usize, &'s ForeignKey)> {
    let takes_along = |key: &ForeignKey| {
        matches!(
            key.on_delete,
            ReferentialAction::Cascade | ReferentialAction::SetNull | ReferentialAction::SetDefault
        )
    };
    let mut found = Vec::new();
    for table in &schema.tables {
        let keys = table.foreign_keys.iter().enumerate();
        found.extend(keys.filter(|(_, key)| key.parent == *parent && takes_along(key)).map(|(at, key)| (table, at, key)));
    }
    found
}

fn action(key: &ForeignKey) -> String {
    format!("ON DELETE {}", key.on_delete.sql())
}

/// Whether the rows of the child are deleted or changed by the migration itself, or the reference is gone behind it.
fn is_taken_care_of(migration: &Migration<'_>, child: &Table, key: &ForeignKey, delete: usize) -> bool {
    let after = crate::lint::passage::name_after(migration, &child.name).and_then(|name| migration.new.table(name));
    let Some(after) = after else { return true };
    if !after.foreign_keys.iter().any(|one| one.columns.len() == key.columns.len()) {
        return true;
    }
    migration.writes().iter().any(|(at, write)| {
        let text = Expr::new(migration.script.statements[*at].text);
        let changes = matches!(write.verb, Verb::Delete | Verb::Update);
        let is_about_key = write.condition.is_none() && write.verb == Verb::Delete
            || key.columns.iter().any(|column| text.mentions(column));
        *at != delete && changes && (write.table == child.name || write.table == after.name) && is_about_key
    })
}

/// The condition of a DELETE, without what follows it. `None` if it needs more than the table.
#[allow(clippy::option_option, reason = "no condition is one that holds for all")]
fn condition(text: &str, write: &Write) -> Option<Option<String>> {
    if significant(text).first()?.is_word("with") {
        return None;
    }
    let Some(condition) = &write.condition else { return Some(None) };
    let mut depth = 0_usize;
    let ends = |token: &Token<'_>| ["returning", "order", "limit"].iter().any(|word| token.is_word(word));
    let end = significant(condition).iter().find_map(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && ends(token) => return Some(token.start),
            _ => {}
        }
        None
    });
    Some(Some(condition[..end.unwrap_or(condition.len())].trim().to_owned()))
}

/// The rows that a DELETE is about.
struct Deleted<'s> {
    schema: &'s Schema,
    parent: &'s Table,
    condition: Option<&'s str>,
}

impl Deleted<'_> {
    /// The condition for rows of the child that refer to one of them.
    fn rows_of(&self, key: &ForeignKey) -> Option<String> {
        let referenced = self.schema.referenced_columns(key)?;
        let filter = self.condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        Some(format!("{} IN (SELECT {} FROM {}{filter})", tuple(&key.columns), sql_list(&referenced), self.parent.name.sql()))
    }
}

/// `a`, `(a, b)`.
fn tuple(columns: &[Name]) -> String {
    match columns {
        [only] => only.sql().into_owned(),
        several => format!("({})", sql_list(several)),
    }
}

fn finding(
    migration: &Migration<'_>,
    (child, at, key): (&Table, usize, &ForeignKey),
    parent: &Table,
    message: String,
    rows: &str,
) -> Finding {
    let object = path(std::iter::once(&child.name).chain(key.columns.first()));
    let table = child.name.sql();
    let shown = child.free_rowid_name().or_else(|| {
        let key = child.primary_key.as_ref()?;
        key.parts.first().map(|part| part.column.clone())
    });
    let keys = shown.map(|shown| format!("SELECT {} FROM {table} WHERE {rows} LIMIT 5", shown.sql()));
    let after = crate::lint::passage::name_after(migration, &child.name).cloned();
    let place = Place::ForeignKey(after.unwrap_or_else(|| child.name.clone()), at);
    Finding::new(&RULE, object, message).at(place).probe(Probe {
        kind: ProbeKind::Fails,
        table: child.name.clone(),
        count: format!("SELECT count(*) FROM {table} WHERE {rows}"),
        keys: keys.unwrap_or_default(),
        says: format!("rows of `{}` refer to rows of `{}` that are deleted", path([&child.name]), path([&parent.name])),
        at_least: 1,
    })
}

/// Says by which statements the foreign keys would have done it: the rows that refer to others last come first.
fn with_help(mut finding: Finding, schema: &Schema, child: &Table, key: &ForeignKey, rows: &str) -> Finding {
    let mut statements = Vec::new();
    let mut seen = vec![key.parent.clone()];
    statements_for(schema, child, key, rows, &mut seen, &mut statements);
    let (mut deeper, last) = (statements.clone(), statements.pop());
    deeper.pop();
    for statement in deeper.iter().chain(&last) {
        finding = finding.help(format!("before it, say what becomes of them: `{statement}`"));
    }
    finding
}

fn statements_for(
    schema: &Schema,
    child: &Table,
    key: &ForeignKey,
    rows: &str,
    seen: &mut Vec<Name>,
    statements: &mut Vec<String>,
) {
    let table = child.name.sql();
    if key.on_delete == ReferentialAction::Cascade {
        if !seen.contains(&child.name) {
            seen.push(child.name.clone());
            for (grandchild, _, key) in children(schema, &child.name) {
                let deleted = Deleted { schema, parent: child, condition: Some(rows) };
                if let (Some(rows), true) = (deleted.rows_of(key), grandchild.name != child.name) {
                    statements_for(schema, grandchild, key, &rows, seen, statements);
                }
            }
        }
        statements.push(format!("DELETE FROM {table} WHERE {rows}"));
        return;
    }
    let value = if key.on_delete == ReferentialAction::SetNull { "NULL" } else { "…" };
    let set: Vec<String> = key.columns.iter().map(|column| format!("{} = {value}", column.sql())).collect();
    statements.push(format!("UPDATE {table} SET {} WHERE {rows}", set.join(", ")));
}
