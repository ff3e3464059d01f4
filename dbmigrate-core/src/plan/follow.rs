//! Tables and columns followed through the statements of a script: renames, chains and swaps of them, and tables that
//! are filled from old ones and then take their place.

use super::statement::{Moves, Query, moves};
use super::trace::Trace;
use crate::diff::Renames;
use crate::schema::Schema;
use crate::sql::{Name, Statement};

/// A column of an old table: the table by its place among all, and the column's old name.
type Origin = (usize, Name);

struct Column {
    name: Name,
    /// What its values were in the beginning.
    origin: Option<Origin>,
    /// What was written into all of its rows.
    copied: Option<Origin>,
    /// The number of the statement that renamed it first.
    renamed: Option<usize>,
}

impl Column {
    fn new(name: Name) -> Self {
        Self { name, origin: None, copied: None, renamed: None }
    }
}

struct Table {
    name: Name,
    /// Its name in the old schema, if it is of that.
    was: Option<Name>,
    is_there: bool,
    columns: Vec<Column>,
    /// The old tables whose rows it was filled with.
    filled_from: Vec<usize>,
    renamed: Option<usize>,
}

struct Tables(Vec<Table>);

impl Tables {
    fn of(schema: &Schema) -> Self {
        let ordinary = schema.tables.iter().map(|table| {
            (table.name.clone(), table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>())
        });
        let others = schema.virtual_tables.iter().map(|table| (table.name.clone(), Vec::new()));
        let table = |(at, (name, columns)): (usize, (Name, Vec<Name>))| {
            let column = |name: Name| Column { origin: Some((at, name.clone())), name, copied: None, renamed: None };
            let columns = columns.into_iter().map(column).collect();
            Table { was: Some(name.clone()), name, is_there: true, columns, filled_from: Vec::new(), renamed: None }
        };
        Self(ordinary.chain(others).enumerate().map(table).collect())
    }

    fn find(&self, name: &Name) -> Option<usize> {
        self.0.iter().rposition(|table| table.is_there && table.name == *name)
    }

    fn get_mut(&mut self, name: &Name) -> Option<&mut Table> {
        let at = self.find(name)?;
        self.0.get_mut(at)
    }

    fn make(&mut self, at: usize, moves: Moves) -> Option<()> {
        match moves {
            Moves::Create(name, columns, query) => {
                let columns = columns.into_iter().map(Column::new).collect();
                let table = Table {
                    name: name.clone(),
                    was: None,
                    is_there: true,
                    columns,
                    filled_from: Vec::new(),
                    renamed: None,
                };
                self.0.push(table);
                self.fill(&name, None, &query?)?;
            }
            Moves::RenameTable(from, to) => {
                let table = self.get_mut(&from)?;
                table.name = to;
                table.renamed.get_or_insert(at);
            }
            Moves::RenameColumn(table, from, to) => {
                let column = self.get_mut(&table)?.columns.iter_mut().find(|column| column.name == from)?;
                column.name = to;
                column.renamed.get_or_insert(at);
            }
            Moves::AddColumn(table, column) => self.get_mut(&table)?.columns.push(Column::new(column)),
            Moves::DropColumn(table, column) => self.get_mut(&table)?.columns.retain(|one| one.name != column),
            Moves::DropTable(table) => self.get_mut(&table)?.is_there = false,
            Moves::Copy(into, columns, query) => self.fill(&into, columns, &query)?,
            Moves::Assign(table, pairs) => {
                let table = self.get_mut(&table)?;
                for (to, from) in pairs {
                    let origin = table.columns.iter().find(|column| column.name == from)?.origin.clone();
                    table.columns.iter_mut().find(|column| column.name == to)?.copied = origin;
                }
            }
        }
        Some(())
    }

    /// Rows of one table go into another that was made for them.
    fn fill(&mut self, into: &Name, columns: Option<Vec<Name>>, query: &Query) -> Option<()> {
        let (to, from) = (self.find(into)?, self.find(&query.from)?);
        if self.0[to].was.is_some() || to == from {
            return None;
        }
        let source = &self.0[from];
        let roots = if source.was.is_some() { vec![from] } else { source.filled_from.clone() };
        let origin = |column: &Name| source.columns.iter().find(|one| one.name == *column)?.origin.clone();
        let results: Vec<(Option<Name>, Option<Origin>)> = match &query.results {
            None => source.columns.iter().map(|one| (Some(one.name.clone()), one.origin.clone())).collect(),
            Some(results) => results
                .iter()
                .map(|(name, column)| (name.clone().or_else(|| column.clone()), column.as_ref().and_then(origin)))
                .collect(),
        };
        // of a column that was renamed before, what is computed in its place is still that column
        let computed: Vec<(Name, Origin)> = source
            .columns
            .iter()
            .filter(|column| column.renamed.is_some() && !results.iter().any(|(_, origin)| *origin == column.origin))
            .filter_map(|column| Some((column.name.clone(), column.origin.clone()?)))
            .collect();
        let target = &mut self.0[to];
        target.filled_from.extend(roots);
        if target.columns.is_empty() {
            let names =
                columns.clone().unwrap_or_else(|| results.iter().filter_map(|(name, _)| name.clone()).collect());
            target.columns = names.into_iter().map(Column::new).collect();
        }
        let names = columns.unwrap_or_else(|| target.columns.iter().map(|column| column.name.clone()).collect());
        for (at, (name, (_, origin))) in names.iter().zip(results).enumerate() {
            let mentions = query.mentioned.get(at).is_some_and(|mentioned| mentioned.contains(name));
            let is_it = |(column, _): &&(Name, Origin)| mentions && column == name;
            let origin = origin.or_else(|| computed.iter().find(is_it).map(|(_, origin)| origin.clone()));
            if let Some(column) = target.columns.iter_mut().find(|column| column.name == *name) {
                column.origin = column.origin.take().or(origin);
            }
        }
        Some(())
    }

    /// The table that an old one is in the end: itself, or the one that was filled from it and took its place.
    fn successor(&self, root: usize) -> Option<&Table> {
        let old = &self.0[root];
        if old.is_there {
            return Some(old);
        }
        let heirs = || {
            let new = self.0.iter().filter(|table| table.is_there && table.was.is_none());
            new.filter(|table| table.filled_from.contains(&root))
        };
        let of_name = |name: &Name| heirs().find(|table| table.name == *name);
        let only = || {
            // another that is there as well is a copy, not the heir
            let mut all = heirs();
            all.next().filter(|_| all.next().is_none())
        };
        of_name(&old.name).or_else(|| of_name(old.was.as_ref()?)).or_else(only)
    }
}

/// What a script makes of the tables and columns of a schema, and what it renames, in its order. Where the statements
/// do not tell, what has the same name is the same.
pub fn follow(old: &Schema, new: &Schema, statements: &[Statement<'_>]) -> (Trace, Renames) {
    let mut tables = Tables::of(old);
    for (at, statement) in statements.iter().enumerate() {
        if let Some(moves) = moves(statement) {
            // what is not known is of no interest
            let _ = tables.make(at, moves);
        }
    }
    let is_new = |name: &Name| new.tables.contains(name) || new.virtual_tables.contains(name);
    let mut trace = Trace::default();
    let mut ordered: Vec<(usize, Name, Name)> = Vec::new();
    let mut ordered_columns: Vec<(usize, Name, Name, Name)> = Vec::new();
    for (root, was) in tables.0.iter().enumerate().filter_map(|(at, table)| Some((at, table.was.clone()?))) {
        let Some(heir) = tables.successor(root).filter(|heir| is_new(&heir.name)) else { continue };
        let now = new.table(&heir.name).map_or(&heir.name, |table| &table.name);
        // two that end as one: the first is it
        if trace.tables.values().any(|taken| taken == now) {
            continue;
        }
        trace.tables.insert(was.clone(), now.clone());
        if !was.same_spelling(now) {
            ordered.push((tables.0[root].renamed.or(heir.renamed).unwrap_or(usize::MAX), was.clone(), now.clone()));
        }
        let (Some(before), Some(after)) = (old.table(&was), new.table(now)) else { continue };
        for (from, to, at) in columns(root, heir, before, after) {
            if !from.same_spelling(&to) {
                ordered_columns.push((at, now.clone(), from.clone(), to.clone()));
            }
            trace.columns.insert((was.clone(), from), (now.clone(), to));
        }
    }
    // a name that a table has left, or that nothing is known of
    for name in new.tables.iter().map(|table| &table.name).chain(new.virtual_tables.iter().map(|table| &table.name)) {
        let is_old = old.tables.contains(name) || old.virtual_tables.contains(name);
        let is_taken = trace.tables.contains_key(name) || trace.tables.values().any(|taken| taken == name);
        if is_old && !is_taken {
            trace.tables.insert(name.clone(), name.clone());
            let both = old.table(name).zip(new.table(name));
            for column in both.iter().flat_map(|(before, _)| &before.columns) {
                if both.is_some_and(|(_, after)| after.column(&column.name).is_some()) {
                    let place = (name.clone(), column.name.clone());
                    trace.columns.insert(place.clone(), place);
                }
            }
        }
    }
    ordered.sort_by_key(|(at, _, _)| *at);
    ordered_columns.sort_by_key(|(at, _, _, _)| *at);
    let renames = Renames {
        tables: ordered.into_iter().map(|(_, from, to)| (from, to)).collect(),
        columns: ordered_columns.into_iter().map(|(_, table, from, to)| (table, from, to)).collect(),
    };
    (trace, renames)
}

/// The columns of an old table and what they are in its heir, with the number of the statement that renamed them.
fn columns(
    root: usize,
    heir: &Table,
    before: &crate::schema::Table,
    after: &crate::schema::Table,
) -> Vec<(Name, Name, usize)> {
    let there: Vec<&Column> = heir.columns.iter().filter(|column| after.column(&column.name).is_some()).collect();
    let is = |origin: &Option<Origin>, name: &Name| origin.as_ref().is_some_and(|(of, was)| *of == root && was == name);
    let mut found: Vec<(Name, Name, usize)> = Vec::new();
    let mut add = |was: &Name, column: Option<&&Column>| {
        let Some(column) = column else { return };
        let now = after.column(&column.name).map_or(&column.name, |column| &column.name);
        if !found.iter().any(|(one, other, _)| one == was || other == now) {
            found.push((was.clone(), now.clone(), column.renamed.unwrap_or(usize::MAX)));
        }
    };
    let old = || before.columns.iter().map(|column| &column.name);
    for was in old() {
        let mut origins = there.iter().filter(|column| is(&column.origin, was));
        let same = origins.clone().find(|column| column.name == *was);
        add(was, same.or_else(|| origins.next()));
    }
    for was in old() {
        add(was, there.iter().find(|column| is(&column.copied, was) && column.origin.is_none()));
    }
    for was in old() {
        let is_new = |column: &&&Column| column.name == *was && column.origin.is_none();
        add(was, there.iter().find(is_new));
        // a table whose columns are not known
        if heir.columns.is_empty() && after.column(was).is_some() {
            add(was, Some(&&Column::new(was.clone())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};
    use crate::sql::split;

    fn schema(tables: &[&str]) -> Schema {
        let mut schema = Schema::default();
        for sql in tables {
            let Ok(Object::Table(table)) = read(&format!("CREATE TABLE {sql}")) else { panic!("it is a table: {sql}") };
            schema.tables.insert(table);
        }
        schema
    }

    fn renamed(old: &[&str], new: &[&str], sql: &str) -> Vec<String> {
        let renames = follow(&schema(old), &schema(new), &split(sql)).1;
        let tables = renames.tables.iter().map(|(from, to)| format!("{from}={to}"));
        tables.chain(renames.columns.iter().map(|(on, from, to)| format!("{on}.{from}={to}"))).collect()
    }

    #[test]
    fn chains_and_swaps_are_followed_to_their_ends() {
        let chain = "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME x TO y; ALTER TABLE main.b RENAME COLUMN y TO z;
            ALTER TABLE \"b\" RENAME TO c;";
        assert_eq!(renamed(&["a (x)"], &["c (z)"], chain), ["a=c", "c.x=z"]);
        let swap = "ALTER TABLE a RENAME TO t; ALTER TABLE b RENAME TO a; ALTER TABLE t RENAME TO b;
            ALTER TABLE b RENAME x TO t; ALTER TABLE b RENAME y TO x; ALTER TABLE b RENAME t TO y;";
        assert_eq!(renamed(&["a (x, y)", "b (k)"], &["a (k)", "b (x, y)"], swap), ["a=b", "b=a", "b.x=y", "b.y=x"]);
        assert!(renamed(&["a (x)"], &["a (x)"], "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME TO a;").is_empty());
    }

    #[test]
    fn a_table_that_is_filled_from_another_takes_its_place() {
        let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY, handle TEXT);
            INSERT INTO n (id, handle) SELECT id, CAST(nick AS TEXT) FROM users WHERE 1; DROP TABLE users;
            ALTER TABLE n RENAME TO users;";
        assert_eq!(renamed(&["users (id, nick)"], &["users (id, handle)"], rebuild), ["users.nick=handle"]);
        let moved = "CREATE TABLE people AS SELECT id, nick handle FROM users; DROP TABLE users;";
        assert_eq!(
            renamed(&["users (id, nick)"], &["people (id, handle)"], moved),
            ["users=people", "people.nick=handle"]
        );
        // by way of a table that is gone again
        let twice = "CREATE TEMP TABLE t AS SELECT * FROM users; DROP TABLE users; CREATE TABLE users (id, handle);
            INSERT INTO users SELECT id, nick FROM t; DROP TABLE t;";
        assert_eq!(renamed(&["users (id, nick)"], &["users (id, handle)"], twice), ["users.nick=handle"]);
        let renamed_first = "ALTER TABLE users RENAME TO people; CREATE TABLE _dbmigrate_new_people (id, nick);
            INSERT INTO _dbmigrate_new_people (id, nick) SELECT id, coalesce(nick, '') FROM people; DROP TABLE people;
            ALTER TABLE _dbmigrate_new_people RENAME TO people;";
        assert_eq!(renamed(&["users (id, nick)"], &["people (id, nick)"], renamed_first), ["users=people"]);
    }

    #[test]
    fn a_copy_beside_the_original_is_no_rename() {
        let copy = "CREATE TABLE old_users AS SELECT * FROM users;";
        assert!(renamed(&["users (id)"], &["users (id)", "old_users (id)"], copy).is_empty());
        let split =
            "CREATE TABLE a (x); CREATE TABLE b (y); INSERT INTO a SELECT x FROM t; INSERT INTO b SELECT y FROM t;
            DROP TABLE t;";
        assert!(renamed(&["t (x, y)"], &["a (x)", "b (y)"], split).is_empty());
    }

    #[test]
    fn values_that_move_to_a_new_column_are_a_rename() {
        let moved = "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a; ALTER TABLE t DROP COLUMN a;";
        assert_eq!(renamed(&["t (id, a)"], &["t (id, b)"], moved), ["t.a=b"]);
        assert!(renamed(&["t (id, a)"], &["t (id, b)"], &moved.replace("= a", "= a WHERE id > 1")).is_empty());
        assert!(renamed(&["t (id, a)"], &["t (id, a, b)"], "ALTER TABLE t ADD b; UPDATE t SET b = a;").is_empty());
    }

    #[test]
    fn traces_are_combined_and_turned_back() {
        let (one, two, three) = (schema(&["a (x)", "d (k)"]), schema(&["b (y)"]), schema(&["c (z)", "d (k)"]));
        let first = "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME x TO y; DROP TABLE d";
        let then = "ALTER TABLE b RENAME TO c; ALTER TABLE c RENAME y TO z; CREATE TABLE d (k)";
        let both = follow(&one, &two, &split(first)).0.then(&follow(&two, &three, &split(then)).0);
        let back = both.inverse().renames();
        assert_eq!(back.tables, [("c".into(), "a".into())]);
        assert_eq!(back.columns, [("a".into(), "z".into(), "x".into())]);
        // `d` has its old name, and is another one
        assert_eq!(both.mistaken(&one, &three), Some(("d".into(), None)));
        assert_eq!(Trace::of_same(&one).mistaken(&one, &one), None);
    }
}
