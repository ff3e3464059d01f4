//! Which rebuilds of a script write no row if the rows are as they have to be already, as far as definitions tell. The runner
//! then replaces the definition, if the database lets it.

use std::borrow::Cow;

use super::{Rebuild, Script};
use crate::diff::Renames;
use crate::plan::in_place::{Rebuilt, altered, is_expected, is_possible};
use crate::schema::{Index, Schema, Table};
use crate::sql::{Head, Name};

/// What a database lets be done with its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A file: the definition is replaced where it is stored.
    File,
    /// A server, which alters columns one by one.
    Server,
}

impl Script<'_> {
    /// The marked rebuilds of which it is to be expected that they are made in place. `before` is the schema before the script.
    pub fn in_place(&self, before: &Schema, place: Place) -> Vec<&Rebuild> {
        self.rebuilds_that(before, |table, indexes, rebuilt| {
            let is_let = place == Place::File || altered::is_possible(table, indexes, rebuilt);
            is_let && is_expected(table, indexes, rebuilt)
        })
    }

    /// The marked rebuilds that can be made in place in a file, if the rows let it.
    pub(super) fn perhaps_in_place(&self, before: &Schema) -> Vec<&Rebuild> {
        self.rebuilds_that(before, is_possible)
    }

    /// Those of which this is true with the table as it is before them. One that is made online is copied.
    fn rebuilds_that(&self, before: &Schema, is_so: impl Fn(&Table, &[Index], &Rebuilt<'_>) -> bool) -> Vec<&Rebuild> {
        if self.online.is_some() {
            return Vec::new();
        }
        let mut tables = Tables { before, changed: Vec::new() };
        let (mut found, mut marked) = (Vec::new(), self.rebuilds.iter().peekable());
        for (at, statement) in self.statements.iter().enumerate() {
            // without one that is still to come, nothing has to be followed
            let Some(&next) = marked.peek() else { break };
            if next.rebuild.statements.start == at
                && let Some(table) = tables.get(&next.rebuild.table)
            {
                let indexes: Vec<Index> = table.indexes.iter().cloned().collect();
                found.extend(is_so(&table, &indexes, &next.rebuild.rebuilt()).then_some(&next.rebuild));
            }
            if next.rebuild.statements.end == at + 1 {
                tables.forget(&next.rebuild.table);
                marked.next();
            } else if !next.rebuild.statements.contains(&at)
                && let Some(head) = Head::of(statement)
            {
                tables.follow(head);
            }
        }
        found
    }
}

/// The tables before a statement of a script.
struct Tables<'a> {
    before: &'a Schema,
    /// By their names now, those that are not what they were; `None` for what is not known of any more.
    changed: Vec<(Name, Option<Table>)>,
}

impl<'a> Tables<'a> {
    fn get(&self, name: &Name) -> Option<Cow<'a, Table>> {
        match self.changed.iter().rev().find(|(changed, _)| changed == name) {
            Some((_, table)) => table.clone().map(Cow::Owned),
            None => self.before.table(name).map(Cow::Borrowed),
        }
    }

    fn set(&mut self, name: &Name, table: Option<Table>) {
        self.changed.retain(|(changed, _)| changed != name);
        self.changed.push((name.clone(), table));
    }

    fn forget(&mut self, name: &Name) {
        self.set(name, None);
    }

    fn follow(&mut self, head: Head) {
        match head {
            Head::RenameTable(from, to) => {
                let renames = Renames { tables: vec![(from.clone(), to.clone())], ..Renames::default() };
                let table = self.renamed(&from, &to, &renames);
                self.forget(&from);
                self.set(&to, table);
            }
            Head::RenameColumn(on, from, to) => {
                let renames = Renames { columns: vec![(on.clone(), from, to)], ..Renames::default() };
                let table = self.renamed(&on, &on, &renames);
                self.set(&on, table);
            }
            Head::DropIndex(index) => {
                let has_it = |table: &&Table| table.indexes.iter().any(|one| one.name == index);
                let changed = self.changed.iter().filter_map(|(_, table)| table.as_ref());
                let on = changed.chain(&self.before.tables).find(has_it).map(|table| table.name.clone());
                let Some(mut table) = on.as_ref().and_then(|on| self.get(on)).map(Cow::into_owned) else { return };
                table.indexes.remove(&index);
                self.set(&table.name.clone(), Some(table));
            }
            Head::CreateTable(name)
            | Head::CreateIndex(_, name)
            | Head::AddColumn(name, _)
            | Head::DropColumn(name, _)
            | Head::AlterTable(name)
            | Head::DropTable(name) => self.forget(&name),
            // whatever the rows are, they are asked
            Head::Write(..) => {}
        }
    }

    /// A table as it is behind a rename.
    fn renamed(&self, from: &Name, to: &Name, renames: &Renames) -> Option<Table> {
        let mut alone = Schema::default();
        alone.tables.insert(self.get(from)?.into_owned());
        renames.apply(&alone).table(to).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ddl::read::schema_of;

    const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INT, CHECK (age > 0)); \
                          CREATE INDEX i ON users (age)";

    /// Whether the rebuild of a script, to these columns, is made in place.
    fn is_in_place(earlier: &str, columns: &str, copied: &str, place: Place) -> bool {
        let sql = format!(
            "{earlier}\n-- dbmigrate: rebuild users\nCREATE TABLE _new ({columns});\n\
             INSERT INTO _new ({copied}) SELECT {copied} FROM users;\nDROP TABLE users;\n\
             ALTER TABLE _new RENAME TO users;\nCREATE INDEX i ON users (age);\n"
        );
        let script = Script::parse(&sql, Path::new("m")).expect("it is right");
        !script.in_place(&schema_of(BEFORE), place).is_empty()
    }

    #[test]
    fn a_definition_that_rows_may_satisfy_is_replaced() {
        let all = "id, email, age";
        for (columns, on_file, on_server) in [
            ("id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INT, CHECK (age > 0)", true, true),
            ("id INTEGER PRIMARY KEY, email TEXT, age INT, CHECK (age > 0), CHECK (email <> '')", true, true),
            ("id INTEGER PRIMARY KEY, email TEXT DEFAULT 'x', age INT, CHECK (age > 0)", true, true),
            ("id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, age INT, CHECK (age > 0)", true, true),
            ("id INTEGER PRIMARY KEY, email TEXT, age INT", true, false),
            ("id INTEGER PRIMARY KEY, email TEXT UNIQUE, age INT, CHECK (age > 0)", false, false),
            ("id INTEGER PRIMARY KEY, email TEXT, age TEXT, CHECK (age > 0)", false, false),
            ("id INTEGER PRIMARY KEY, age INT, email TEXT, CHECK (age > 0)", false, false),
            // it takes every value as it is
            ("id INTEGER PRIMARY KEY, email BLOB, age INT, CHECK (age > 0)", true, true),
        ] {
            assert_eq!(is_in_place("", columns, all, Place::File), on_file, "{columns}");
            assert_eq!(is_in_place("", columns, all, Place::Server), on_server, "{columns}");
        }
    }

    #[test]
    fn where_values_are_there_to_be_changed_a_copy_is_expected() {
        let schema = schema_of("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age TEXT)");
        for (columns, copied) in [
            ("id INTEGER PRIMARY KEY, email TEXT NOT NULL, age TEXT", "id, coalesce(email, ''), age"),
            ("id INTEGER PRIMARY KEY, email TEXT, age INT", "id, email, age"),
        ] {
            let sql = format!(
                "-- dbmigrate: rebuild users\nCREATE TABLE _new ({columns});\n\
                 INSERT INTO _new (id, email, age) SELECT {copied} FROM users;\nDROP TABLE users;\n\
                 ALTER TABLE _new RENAME TO users;\n"
            );
            let script = Script::parse(&sql, Path::new("m")).expect("it is right");
            assert!(script.in_place(&schema, Place::File).is_empty(), "{columns}");
            assert_eq!(script.perhaps_in_place(&schema).len(), 1, "{columns}");
        }
    }

    #[test]
    fn what_stands_before_a_rebuild_is_followed() {
        let wanted = "id INTEGER PRIMARY KEY, mail TEXT NOT NULL, age INT, CHECK (age > 0)";
        for (earlier, is_known) in [
            ("ALTER TABLE users RENAME COLUMN email TO mail;", true),
            (
                "ALTER TABLE users RENAME TO x; ALTER TABLE x RENAME COLUMN email TO mail; ALTER TABLE x RENAME TO users;",
                true,
            ),
            ("UPDATE users SET email = ''; ALTER TABLE users RENAME COLUMN email TO mail;", true),
            ("", false),
            ("ALTER TABLE users RENAME COLUMN email TO mail; ALTER TABLE users ADD COLUMN b;", false),
            ("CREATE INDEX j ON users (email); ALTER TABLE users RENAME COLUMN email TO mail;", false),
        ] {
            assert_eq!(is_in_place(earlier, wanted, "id, mail, age", Place::File), is_known, "{earlier}");
        }
        // an index that goes has to go before
        for (earlier, is_gone) in [("", false), ("DROP INDEX i;", true)] {
            let sql = format!(
                "{earlier}\n-- dbmigrate: rebuild users\n\
                 CREATE TABLE _new (id INTEGER PRIMARY KEY, email TEXT, age INT NOT NULL, CHECK (age > 0));\n\
                 INSERT INTO _new (id, email, age) SELECT id, email, age FROM users;\nDROP TABLE users;\n\
                 ALTER TABLE _new RENAME TO users;\n"
            );
            let script = Script::parse(&sql, Path::new("m")).expect("it is right");
            assert_eq!(!script.in_place(&schema_of(BEFORE), Place::File).is_empty(), is_gone, "{earlier}");
        }
    }
}
