//! What `ON DELETE` does where a tool runs migrations with foreign keys on, written out: here they are off.
//!
//! Only where it is plain which rows go: `DROP TABLE`, and `DELETE` without a query in its condition. And only if nothing
//! puts rows back into the table, so that what is written out never deletes what would have stayed whole without it.

use std::fmt::Write as _;

use dbmigrate_core::folder::Script;
use dbmigrate_core::schema::{ForeignKey, ReferentialAction, Schema, Table};
use dbmigrate_core::sql::token::{Token, significant};
use dbmigrate_core::sql::{Head, Name, Statement, StatementKind, Verb};

/// The SQL of a migration with it; `None` if there is nothing to write out. `before` is the schema before it.
pub(super) fn written_out(title: &str, sql: &str, script: &Script<'_>, before: &Schema) -> Option<String> {
    let statements = &script.statements;
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for (at, statement) in statements.iter().enumerate() {
        let Some((parent, condition)) = gone(statement) else { continue };
        let heads = |range: &[Statement<'_>]| range.iter().filter_map(Head::of).collect::<Vec<_>>();
        if heads(&statements[at + 1..]).iter().any(|head| puts_back(head, &parent)) {
            continue;
        }
        let Some(followers) = Followers::of(before, &heads(&statements[..at]), &parent, condition) else { continue };
        if followers.is_empty() {
            continue;
        }
        text.push_str(&sql[copied..statement.start]);
        // writing to a string cannot fail
        let _ = writeln!(text, "-- what ON DELETE does where foreign keys are on, as {title} has them");
        for follower in followers {
            let _ = writeln!(text, "{follower};");
        }
        copied = statement.start;
    }
    text.push_str(&sql[copied..]);
    (copied > 0).then_some(text)
}

/// The table whose rows a statement deletes, and which of them, if that is plain.
fn gone<'s>(statement: &Statement<'s>) -> Option<(Name, Option<&'s str>)> {
    match Head::of(statement)? {
        Head::DropTable(table) => Some((table, None)),
        Head::Write(Verb::Delete, table) => {
            let tokens = significant(statement.text);
            let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
            let has = |word: &str| tokens.iter().any(|token| token.is_word(word));
            let is_plain = is(0, "delete") && is(1, "from") && !["select", "returning", "limit"].into_iter().any(has);
            match tokens.get(3) {
                _ if !is_plain => None,
                None => Some((table, None)),
                Some(token) if token.is_word("where") => {
                    let end = tokens.last().map_or(token.end(), Token::end);
                    Some((table, Some(statement.text[token.end()..end].trim())))
                }
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// Whether a statement may give a table rows.
fn puts_back(head: &Head, table: &Name) -> bool {
    matches!(head, Head::Write(Verb::Insert | Verb::Replace, into) | Head::RenameTable(_, into) if into == table)
}

/// Whether the statements turn foreign keys off themselves.
pub(super) fn turns_keys_off(statements: &[Statement<'_>]) -> bool {
    statements.iter().filter(|statement| statement.kind == StatementKind::Pragma).any(|statement| {
        let tokens = significant(statement.text);
        let has = |word: &str| tokens.iter().any(|token| token.is_word(word) || token.text == word);
        has("foreign_keys") && ["off", "0", "no", "false"].into_iter().any(has)
    })
}

/// The statements that do with other tables what their foreign keys say.
struct Followers<'a> {
    schema: &'a Schema,
    /// Tables that are no more what the schema says.
    changed: Vec<Name>,
    found: Vec<String>,
}

impl<'a> Followers<'a> {
    /// `None` if the tables are not those of the schema any more, or refer to each other.
    fn of(schema: &'a Schema, before: &[Head], parent: &Name, condition: Option<&str>) -> Option<Vec<String>> {
        let changed = before.iter().flat_map(|head| match head {
            Head::DropTable(table)
            | Head::AlterTable(table)
            | Head::CreateTable(table)
            | Head::RenameColumn(table, ..)
            | Head::DropColumn(table, _) => vec![table.clone()],
            Head::RenameTable(one, other) => vec![one.clone(), other.clone()],
            _ => Vec::new(),
        });
        let mut followers = Self { schema, changed: changed.collect(), found: Vec::new() };
        if followers.changed.contains(parent) {
            return None;
        }
        let condition = condition.map(|condition| format!(" AND ({condition})")).unwrap_or_default();
        followers.follow(parent, &condition, &mut vec![parent.clone()])?;
        Some(followers.found)
    }

    /// `condition` is what else is true of the rows of `parent` that go.
    fn follow(&mut self, parent: &Name, condition: &str, path: &mut Vec<Name>) -> Option<()> {
        let schema = self.schema;
        let referring = schema.tables.iter().filter(|table| !self.changed.contains(&table.name));
        for table in referring.collect::<Vec<&Table>>() {
            for key in table.foreign_keys.iter().filter(|key| key.parent == *parent) {
                let rows =
                    format!("EXISTS (SELECT 1 FROM {} WHERE {}{condition})", parent.sql(), self.same(table, key)?);
                let child = table.name.sql();
                match key.on_delete {
                    ReferentialAction::NoAction | ReferentialAction::Restrict => {}
                    _ if path.contains(&table.name) => return None,
                    ReferentialAction::Cascade => {
                        path.push(table.name.clone());
                        self.follow(&table.name, &format!(" AND {rows}"), path)?;
                        path.pop();
                        self.found.push(format!("DELETE FROM {child} WHERE {rows}"));
                    }
                    ReferentialAction::SetNull => {
                        let set = key.columns.iter().map(|column| format!("{} = NULL", column.sql()));
                        let set = set.collect::<Vec<_>>().join(", ");
                        self.found.push(format!("UPDATE {child} SET {set} WHERE {rows}"));
                    }
                    ReferentialAction::SetDefault => return None,
                }
            }
        }
        Some(())
    }

    /// That a row refers to one.
    fn same(&self, table: &Table, key: &ForeignKey) -> Option<String> {
        let columns = self.schema.referenced_columns(key).filter(|columns| columns.len() == key.columns.len())?;
        let pairs = columns
            .iter()
            .zip(&key.columns)
            .map(|(of, by)| format!("{}.{} = {}.{}", key.parent.sql(), of.sql(), table.name.sql(), by.sql()));
        Some(pairs.collect::<Vec<_>>().join(" AND "))
    }
}
