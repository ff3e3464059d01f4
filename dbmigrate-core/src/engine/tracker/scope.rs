//! Which of what is stored may be stored otherwise after statements: of most migrations, the objects of one table.
//!
//! What the statements of SQLite write to `sqlite_schema` (sqlite.org/lang_altertable.html, lang_droptable.html): `CREATE`
//! adds rows; `ALTER TABLE … ADD COLUMN` and `… DROP COLUMN` change the text of that table; `DROP TABLE` removes the rows
//! of the table, its indexes and its triggers; the other `DROP`s remove a row, and that of a view those of its triggers.
//! Only `RENAME` rewrites other objects, those that have the name, which nothing has if the table was created by the
//! statements before it, as that of a rebuild is.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::introspect::StoredObject;
use crate::engine::stored::objects_where;
use crate::plan::HELPER_PREFIX;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind, Token};

/// What may be stored otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// Rowids of objects that are known.
    pub(super) rowids: BTreeSet<i64>,
    /// Everything above this rowid. New rows get the rowid behind the highest one, which may have been removed before.
    pub(super) above: i64,
}

impl Scope {
    /// The scope of statements. `None` if that may be anything.
    pub(super) fn of(statements: &[Statement<'_>], stored: &BTreeMap<i64, StoredObject>) -> Option<Self> {
        let tables = tables(statements, stored)?;
        let mut scope = Self { rowids: BTreeSet::new(), above: 0 };
        for (rowid, object) in stored {
            if tables.contains(&object.table) {
                scope.rowids.insert(*rowid);
            } else {
                scope.above = *rowid;
            }
        }
        Some(scope)
    }

    /// The query for what is stored in it, for `stored_rows_in`.
    pub(super) fn query(&self) -> String {
        let below = self.rowids.range(..=self.above).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        objects_where(&format!("rowid > {} OR rowid IN ({below})", self.above))
    }

    /// Whether an object with this rowid is in it.
    pub(super) fn has(&self, rowid: i64) -> bool {
        rowid > self.above || self.rowids.contains(&rowid)
    }
}

/// The tables and views whose objects the statements change or remove.
fn tables(statements: &[Statement<'_>], stored: &BTreeMap<i64, StoredObject>) -> Option<BTreeSet<Name>> {
    let mut tables = BTreeSet::new();
    let mut helpers: BTreeSet<Name> = BTreeSet::new();
    for statement in statements.iter().filter(|statement| statement.kind.changes_schema()) {
        let tokens = significant(statement.text);
        match statement.kind {
            StatementKind::CreateTable => helpers.extend(helper(&tokens)),
            kind if kind.only_adds_objects() => {}
            StatementKind::AlterTable => {
                let [_, _, table, what, rest @ ..] = &tokens[..] else { return None };
                let table = Name::from(table.identifier()?);
                // a name with the schema's before it has a dot in this place
                let changes_one = what.is_word("add") || what.is_word("drop");
                let renames_helper =
                    what.is_word("rename") && matches!(rest, [to, _] if to.is_word("to")) && helpers.contains(&table);
                if !changes_one && !renames_helper {
                    return None;
                }
                tables.insert(table);
            }
            StatementKind::DropTable | StatementKind::DropOther => {
                let name = Name::from(dropped(&tokens)?);
                let objects = stored.values().filter(|object| object.name == name);
                tables.extend(objects.map(|object| object.table.clone()));
            }
            _ => return None,
        }
    }
    Some(tables)
}

/// The name of the table that `CREATE TABLE name (…)` creates, if it is one that nothing else knows.
fn helper(tokens: &[Token<'_>]) -> Option<Name> {
    let [_, _, name, open, ..] = tokens else { return None };
    let is_helper = |name: &String| open.kind == TokenKind::Open && name.starts_with(HELPER_PREFIX);
    name.identifier().filter(is_helper).map(Name::from)
}

/// The name in `DROP TABLE name`, `DROP INDEX IF EXISTS name`.
fn dropped(tokens: &[Token<'_>]) -> Option<String> {
    if tokens.iter().any(|token| token.kind == TokenKind::Dot) {
        return None;
    }
    tokens.last()?.identifier()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn object(kind: &str, name: &str, table: &str) -> StoredObject {
        let (name, table) = (Name::from(name), Name::from(table));
        StoredObject { kind: kind.to_owned(), sql: format!("CREATE {kind}"), name, table, is_garbled: false }
    }

    /// Two tables, each with an index, and a view.
    fn stored() -> BTreeMap<i64, StoredObject> {
        let objects = [
            object("table", "a", "a"),
            object("index", "a_x", "a"),
            object("view", "v", "v"),
            object("table", "b", "b"),
            object("index", "b_x", "b"),
        ];
        (1..).zip(objects).collect()
    }

    fn scope(sql: &str) -> Option<(Vec<i64>, i64)> {
        Scope::of(&split(sql), &stored()).map(|scope| (scope.rowids.into_iter().collect(), scope.above))
    }

    #[test]
    fn most_migrations_are_looked_for_in_the_objects_of_one_table() {
        assert_eq!(scope("ALTER TABLE a ADD COLUMN y; UPDATE b SET x = 1"), Some((vec![1, 2], 5)));
        assert_eq!(scope("ALTER TABLE b DROP COLUMN y; CREATE INDEX a_y ON a (y)"), Some((vec![4, 5], 3)));
        assert_eq!(scope("DROP INDEX b_x; DROP VIEW v"), Some((vec![3, 4, 5], 2)));
        let rebuild = "CREATE TABLE _dbmigrate_new_b (x); INSERT INTO _dbmigrate_new_b SELECT x FROM b; DROP TABLE b; \
                       ALTER TABLE _dbmigrate_new_b RENAME TO b; CREATE INDEX b_x ON b (x)";
        assert_eq!(scope(rebuild), Some((vec![4, 5], 3)));
    }

    #[test]
    fn what_may_change_other_objects_has_no_scope() {
        assert_eq!(scope("ALTER TABLE a RENAME TO c"), None);
        assert_eq!(scope("ALTER TABLE a RENAME COLUMN x TO y"), None);
        assert_eq!(scope("ALTER TABLE _dbmigrate_new_b RENAME TO c"), None);
        assert_eq!(scope("CREATE TABLE c (x); ALTER TABLE c RENAME TO d"), None);
        assert_eq!(scope("ALTER TABLE main.a ADD COLUMN y"), None);
        assert_eq!(scope("DROP TABLE main.a"), None);
        assert_eq!(scope("PRAGMA writable_schema = ON; ALTER TABLE a ADD COLUMN y"), None);
        assert_eq!(scope("CREATE VIRTUAL TABLE f USING fts5(x); ALTER TABLE a ADD COLUMN y"), None);
    }
}
