//! Which of what is stored may be stored otherwise after statements: of most migrations, the objects of one table.
//!
//! What the statements of SQLite write to `sqlite_schema` (sqlite.org/lang_altertable.html, lang_droptable.html): `CREATE`
//! adds rows; `ALTER TABLE … ADD COLUMN` and `… DROP COLUMN` change the text of that table; `DROP TABLE` removes the rows
//! of the table, its indexes and its triggers; the other `DROP`s remove a row, and that of a view those of its triggers.
//! Only `RENAME` rewrites other objects, those that have the name, which nothing has if the table was created by the
//! statements before it, as that of a rebuild is. That of a column rewrites, besides the objects of the table, the
//! references of other tables to it, and views and triggers in whose text the table is; and, as `DROP COLUMN`, whatever has
//! a string in double quotes, which becomes one in single quotes (`sqlite_rename_quotefix`).

use std::collections::BTreeSet;

use super::objects::Objects;
use crate::engine::check::names_used;
use crate::engine::stored::{objects_query, objects_where};
use crate::plan::HELPER_PREFIX;
use crate::schema::Schema;
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
    /// The scope of statements in a database with this schema. `None` if that may be anything.
    pub(super) fn of(statements: &[Statement<'_>], stored: &Objects, schema: &Schema) -> Option<Self> {
        let Concerned { tables, renamed_in, requotes } = concerned(statements, stored)?;
        let mut rowids: BTreeSet<i64> = tables.iter().flat_map(|table| stored.of_table(table)).collect();
        if !renamed_in.is_empty() {
            rowids.extend(referring(&renamed_in, stored, schema));
        }
        if requotes {
            rowids.extend(stored.quoted());
        }
        let above = stored.iter().map(|(rowid, _)| rowid).rfind(|rowid| !rowids.contains(rowid)).unwrap_or(0);
        Some(Self { rowids, above })
    }

    /// The queries for what is stored in it, for `stored_rows_in`: two, because one for both reads all of it.
    pub(super) fn queries(&self) -> Vec<String> {
        let below = self.rowids.range(..=self.above).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let known = (!below.is_empty()).then(|| objects_where(&format!("rowid IN ({below})")));
        known.into_iter().chain([objects_query(self.above)]).collect()
    }

    /// The rowids of what is known to be stored in it.
    pub(super) fn known(&self, stored: &Objects) -> impl Iterator<Item = i64> {
        let below = self.rowids.range(..=self.above).copied().filter(|rowid| stored.get(*rowid).is_some());
        below.chain(stored.above(self.above))
    }
}

/// What else the renaming of columns of these tables can rewrite.
fn referring(tables: &BTreeSet<Name>, stored: &Objects, schema: &Schema) -> BTreeSet<i64> {
    let refers = |name: &Name| match schema.table(name) {
        Some(table) => table.foreign_keys.iter().any(|key| tables.contains(&key.parent)),
        // what is no part of the schema may be anything
        None => !schema.views.contains(name),
    };
    let children = stored.tables().filter(|name| refers(name)).flat_map(|name| stored.of_table(name));
    let texts = stored.texts().filter(|(_, object)| names_used(&object.sql).any(|used| tables.contains(&used)));
    children.chain(texts.map(|(rowid, _)| rowid)).collect()
}

/// What statements are about.
#[derive(Default)]
struct Concerned {
    /// The tables and views whose objects they change or remove.
    tables: BTreeSet<Name>,
    /// The tables in which they give a column another name.
    renamed_in: BTreeSet<Name>,
    /// Whether strings in double quotes become others.
    requotes: bool,
}

/// What the statements are about. `None` if that may be anything.
fn concerned(statements: &[Statement<'_>], stored: &Objects) -> Option<Concerned> {
    let Concerned { mut tables, mut renamed_in, mut requotes } = Concerned::default();
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
                let is_rename = what.is_word("rename");
                let renames_helper =
                    is_rename && matches!(rest, [to, _] if to.is_word("to")) && helpers.contains(&table);
                // with and without the word `COLUMN`
                let renames_column = is_rename && matches!(rest, [.., _, to, _] if to.is_word("to"));
                if !changes_one && !renames_helper && !renames_column {
                    return None;
                }
                requotes |= renames_column || what.is_word("drop");
                if renames_column {
                    renamed_in.insert(table.clone());
                }
                tables.insert(table);
            }
            StatementKind::DropTable => {
                tables.insert(Name::from(dropped(&tokens)?));
            }
            StatementKind::DropOther => {
                let name = Name::from(dropped(&tokens)?);
                let objects = stored.values().filter(|object| object.name == name);
                tables.extend(objects.map(|object| object.table.clone()));
            }
            _ => return None,
        }
    }
    Some(Concerned { tables, renamed_in, requotes })
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
    use crate::ddl::read::schema_of;
    use crate::engine::introspect::StoredObject;
    use crate::sql::split;

    fn object(kind: &str, name: &str, table: &str) -> StoredObject {
        let (name, table) = (Name::from(name), Name::from(table));
        StoredObject { kind: kind.to_owned(), sql: format!("CREATE {kind}"), name, table, is_garbled: false }
    }

    /// Two tables, each with an index, and a view.
    fn stored() -> Objects {
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
        scope_in(sql, &stored(), "CREATE TABLE a (x); CREATE TABLE b (x)")
    }

    fn scope_in(sql: &str, stored: &Objects, schema: &str) -> Option<(Vec<i64>, i64)> {
        Scope::of(&split(sql), stored, &schema_of(schema))
            .map(|scope| (scope.rowids.into_iter().collect(), scope.above))
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
        assert_eq!(scope("ALTER TABLE a RENAME COLUMN x TO"), None);
        assert_eq!(scope("ALTER TABLE main.a RENAME COLUMN x TO y"), None);
        assert_eq!(scope("ALTER TABLE _dbmigrate_new_b RENAME TO c"), None);
        assert_eq!(scope("CREATE TABLE c (x); ALTER TABLE c RENAME TO d"), None);
        assert_eq!(scope("ALTER TABLE main.a ADD COLUMN y"), None);
        assert_eq!(scope("DROP TABLE main.a"), None);
        assert_eq!(scope("PRAGMA writable_schema = ON; ALTER TABLE a ADD COLUMN y"), None);
        assert_eq!(scope("CREATE VIRTUAL TABLE f USING fts5(x); ALTER TABLE a ADD COLUMN y"), None);
    }

    #[test]
    fn the_renaming_of_a_column_concerns_what_can_have_its_name() {
        let mut stored = stored();
        let with_text =
            |kind, name, table, sql: &str| StoredObject { sql: sql.to_owned(), ..object(kind, name, table) };
        stored.insert(6, object("table", "c", "c"));
        stored.insert(7, with_text("view", "w", "w", "CREATE VIEW w AS SELECT x FROM \"A\""));
        stored.insert(8, with_text("view", "u", "u", "CREATE VIEW u AS SELECT a.x FROM b AS aa"));
        stored.insert(
            9,
            with_text("trigger", "r", "b", "CREATE TRIGGER r AFTER INSERT ON b BEGIN UPDATE a SET x = 1; END"),
        );
        stored.insert(10, object("table", "other", "other"));
        stored.insert(11, object("table", "d", "d"));
        let schema = "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (y REFERENCES a (x)); CREATE TABLE d (x); \
                      CREATE VIEW v AS SELECT 1; CREATE VIEW w AS SELECT 1; CREATE VIEW u AS SELECT 1";
        // `other` is no part of the schema, and `a.x` of `u` could be meant
        let wanted = Some((vec![1, 2, 6, 7, 8, 9, 10], 11));
        for sql in ["ALTER TABLE a RENAME COLUMN x TO y", "ALTER TABLE A RENAME x TO \"y z\""] {
            assert_eq!(scope_in(sql, &stored, schema), wanted, "{sql}");
        }
        stored.insert(12, with_text("table", "d", "d", "CREATE TABLE d (x DEFAULT \"y\")"));
        let with_string = Some((vec![1, 2, 7, 12], 11));
        assert_eq!(scope_in("ALTER TABLE a DROP COLUMN x", &stored, schema), with_string);
        assert_eq!(scope_in("ALTER TABLE a ADD COLUMN x", &stored, schema), Some((vec![1, 2], 12)));
        stored.remove(12);
        let of_b = Some((vec![4, 5, 7, 8, 9, 10], 11));
        assert_eq!(scope_in("ALTER TABLE b RENAME column TO y", &stored, schema), of_b);
    }
}
