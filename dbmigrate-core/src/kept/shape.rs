//! The tables in which something is kept: how they are made, and read back from the script that makes them.

use std::fmt;

use super::{Keep, follow, tally_name};
use crate::ddl::{Object, render};
use crate::diff::rename::unused;
use crate::schema::{Column, KeyPart, PrimaryKey, Table};
use crate::sql::{Name, Statement, StatementKind};

/// The column of a tally.
pub(crate) const COUNT: &str = "kept";

/// What a migration keeps of one table.
#[derive(Debug, Clone)]
pub struct KeptTable {
    /// The hidden table.
    pub name: Name,
    /// The table that it is kept of: a dropped one as it was called, one that stays as it is called behind the
    /// migration.
    pub of: Name,
    /// What is kept of it.
    pub kept: Kept,
}

/// What is kept of a table.
#[derive(Debug, Clone)]
pub enum Kept {
    /// All of it: it is the table, moved.
    Whole,
    /// Values of some of its columns.
    Columns(KeptColumns),
}

/// Values beside the key of their rows, one row for each that the table had.
#[derive(Debug, Clone)]
pub struct KeptColumns {
    /// The key, in the columns' order: named as in the table behind the migration, with type and collation. The same
    /// names stand in the hidden table, where they are not renamed with those of the table later.
    pub key: Vec<Column>,
    /// Whether the key is the rowid.
    pub is_rowid: bool,
    /// What is kept.
    pub values: Vec<KeptColumn>,
    /// Whether a table beside it says how many rows there were, so that a revert can tell how many are gone.
    pub is_counted: bool,
}

/// A column of which values are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptColumn {
    /// The column, as in the directive.
    pub column: Name,
    /// The column of the hidden table with the values that were there, of no type, so that they are what they were.
    pub original: Name,
    /// The column with what the migration has made of them, if it has converted them.
    pub after: Option<Name>,
}

impl KeptColumns {
    /// The hidden columns for values: those of the key keep their names, so others give way. `is_converted` is whether
    /// what the values become is kept too.
    pub fn values(key: &[Column], columns: impl IntoIterator<Item = (Name, bool)>) -> Vec<KeptColumn> {
        let columns: Vec<(Name, bool)> = columns.into_iter().collect();
        let mut taken: Vec<Name> = key.iter().map(|column| column.name.clone()).collect();
        let mut take = |base: &str| {
            let name = unused(base, |name| taken.contains(name));
            taken.push(name.clone());
            name
        };
        let originals: Vec<Name> = columns.iter().map(|(column, _)| take(column.as_str())).collect();
        // a name for each, also where there is nothing to keep, so that reading needs to know no more than the columns
        let after: Vec<Name> = columns.iter().map(|(column, _)| take(&format!("{column}_after"))).collect();
        let all = columns.into_iter().zip(originals).zip(after);
        all.map(|(((column, is_converted), original), after)| KeptColumn {
            column,
            original,
            after: is_converted.then_some(after),
        })
        .collect()
    }

    /// The statement that makes the hidden table.
    pub fn create(&self, name: &Name) -> String {
        let mut table = Table::new(name.clone());
        table.columns.clone_from(&self.key);
        for value in &self.values {
            table.columns.push(Column::new(value.original.clone(), ""));
            table.columns.extend(value.after.iter().map(|after| Column::new(after.clone(), "")));
        }
        let parts = self.key.iter().map(|column| KeyPart::new(column.name.clone())).collect();
        table.primary_key = Some(PrimaryKey { name: None, parts, autoincrement: false, conflict: None });
        // the key of a table with rowids may be NULL, and is none if it is called INTEGER
        table.without_rowid = !self.is_rowid;
        render::create_table(&table)
    }

    /// The statements that write down how many rows the hidden table has, once it has them.
    pub fn count(name: &Name) -> [String; 2] {
        let tally = tally_name(name);
        let mut table = Table::new(tally.clone());
        table.columns.push(Column { not_null: true, ..Column::new(COUNT, "INTEGER") });
        let insert = format!("INSERT INTO {} ({COUNT})\nSELECT count(*)\nFROM {}", tally.sql(), name.sql());
        [render::create_table(&table), insert]
    }

    /// The statements that make the triggers which follow the rows of `table`.
    pub fn triggers(&self, name: &Name, table: &Name) -> Vec<String> {
        follow::triggers(name, table, &self.key)
    }
}

impl KeptTable {
    /// The directives for it.
    pub fn keeps(&self) -> Vec<Keep> {
        let keep = |column: Option<&Name>| Keep {
            line: 0,
            table: self.of.clone(),
            column: column.cloned(),
            kept: self.name.clone(),
        };
        match &self.kept {
            Kept::Whole => vec![keep(None)],
            Kept::Columns(columns) => columns.values.iter().map(|value| keep(Some(&value.column))).collect(),
        }
    }

    /// The statements that stop following rows.
    pub fn drop_triggers(&self) -> Vec<String> {
        let triggers = match self.kept {
            Kept::Whole => Vec::new(),
            Kept::Columns(_) => follow::names(&self.name).to_vec(),
        };
        triggers.iter().map(|name| format!("DROP TRIGGER IF EXISTS {}", name.sql())).collect()
    }

    /// The statements that end it, once nothing follows rows for it, and nothing else is to come back from it.
    pub fn drop_tables(&self) -> Vec<String> {
        let is_counted = matches!(&self.kept, Kept::Columns(columns) if columns.is_counted);
        let tally = is_counted.then(|| format!("DROP TABLE IF EXISTS {}", tally_name(&self.name).sql()));
        tally.into_iter().chain([format!("DROP TABLE {}", self.name.sql())]).collect()
    }
}

/// A table as it is kept: under the hidden name, without what would concern others. A foreign key would lose its rows or
/// hold those of others back, and the names of indexes are wanted again.
pub fn moved(table: &Table, name: &Name) -> Table {
    let mut moved = table.clone();
    moved.foreign_keys.clear();
    moved.indexes = crate::schema::NamedMap::default();
    moved.name = name.clone();
    let renamed = |expr: &crate::sql::Expr| expr.with_qualifier_renamed(&table.name, name);
    for check in &mut moved.checks {
        check.expr = renamed(&check.expr);
    }
    for generated in moved.columns.iter_mut().filter_map(|column| column.generated.as_mut()) {
        generated.expr = renamed(&generated.expr);
    }
    moved
}

/// Why the directives of a script and its statements do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MisreadKeep {
    /// The directive's line.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for MisreadKeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MisreadKeep {}

/// What a script keeps, by its directives and the statements that make the hidden tables.
///
/// # Errors
/// If a directive names a table of kept columns that no statement makes, or that is not made for these columns.
pub fn read(keeps: &[Keep], statements: &[Statement<'_>]) -> Result<Vec<KeptTable>, MisreadKeep> {
    let mut found: Vec<KeptTable> = Vec::new();
    for keep in keeps {
        if found.iter().any(|table| table.name == keep.kept) {
            continue;
        }
        let of_it: Vec<&Keep> = keeps.iter().filter(|other| other.kept == keep.kept).collect();
        let error = |message: String| MisreadKeep { line: keep.line, message };
        if of_it.iter().any(|other| other.table != keep.table || other.column.is_some() != keep.column.is_some()) {
            return Err(error(format!("`{}` is to keep different things", keep.kept)));
        }
        let kept = if keep.column.is_none() {
            Kept::Whole
        } else {
            let columns: Vec<Name> = of_it.iter().filter_map(|other| other.column.clone()).collect();
            let created = created_table(&keep.kept, statements)
                .ok_or_else(|| error(format!("no statement creates `{}`", keep.kept)))?;
            let is_counted = created_table(&tally_name(&keep.kept), statements).is_some();
            let columns = columns_of(&created, columns).map(|columns| KeptColumns { is_counted, ..columns });
            Kept::Columns(columns.ok_or_else(|| {
                let object = keep.object();
                error(format!("`{}` is not a table for a key and the values of `{object}`", keep.kept))
            })?)
        };
        found.push(KeptTable { name: keep.kept.clone(), of: keep.table.clone(), kept });
    }
    Ok(found)
}

fn created_table(name: &Name, statements: &[Statement<'_>]) -> Option<Table> {
    let made = statements.iter().filter(|statement| statement.kind == StatementKind::CreateTable);
    made.filter_map(|statement| match crate::ddl::read(statement.text) {
        Ok(Object::Table(table)) => Some(table),
        _ => None,
    })
    .find(|table| table.name == *name)
}

/// The hidden table as key and values, if it is one of these columns.
fn columns_of(table: &Table, columns: Vec<Name>) -> Option<KeptColumns> {
    let parts = &table.primary_key.as_ref()?.parts;
    let key: Vec<Column> = parts.iter().filter_map(|part| table.column(&part.column).cloned()).collect();
    let values = KeptColumns::values(&key, columns.into_iter().map(|column| (column, true)));
    let has = |name: &Name| table.column(name).is_some();
    let values: Vec<KeptColumn> =
        values.into_iter().map(|value| KeptColumn { after: value.after.filter(has), ..value }).collect();
    let count: usize = values.iter().map(|value| 1 + usize::from(value.after.is_some())).sum();
    let is_whole = values.iter().all(|value| has(&value.original)) && table.columns.len() == key.len() + count;
    is_whole.then(|| KeptColumns { key, is_rowid: table.rowid_alias().is_some(), values, is_counted: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn key(names: &[(&str, &str)]) -> Vec<Column> {
        names.iter().map(|(name, decl_type)| Column::new(*name, decl_type)).collect()
    }

    #[test]
    fn what_is_kept_is_read_back_from_the_script() {
        for (key, is_rowid) in [
            (key(&[("id", "INTEGER")]), true),
            (key(&[("a", "TEXT"), ("b b", "INT")]), false),
            (key(&[("legacy", "INTEGER"), ("age_after", "")]), false),
        ] {
            let columns = [("legacy", false), ("age", true), ("legacy_after", true), ("age_after", false)];
            let columns = columns.map(|(column, is_converted)| (Name::from(column), is_converted));
            let values = KeptColumns::values(&key, columns);
            let kept = Kept::Columns(KeptColumns { key: key.clone(), is_rowid, values, is_counted: is_rowid });
            let table = KeptTable { name: "_dbmigrate_kept_0007_users".into(), of: "users".into(), kept };
            let Kept::Columns(columns) = &table.kept else { unreachable!("it is columns") };
            let mut text = columns.create(&table.name);
            if is_rowid {
                text = format!("{text};\n{}", KeptColumns::count(&table.name).join(";\n"));
            }
            let read = read(&table.keeps(), &split(&text)).expect(&text);
            let [KeptTable { kept: Kept::Columns(found), .. }] = &read[..] else { panic!("{text}: {read:?}") };
            assert_eq!((&found.values, found.is_rowid), (&columns.values, is_rowid), "{text}");
            assert_eq!(found.is_counted, is_rowid, "{text}");
            let names = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
            assert_eq!(names(&found.key), names(&key), "{text}");
        }
    }

    #[test]
    fn a_directive_without_its_table_is_an_error() {
        let keep = |column: Option<&str>| Keep {
            line: 4,
            table: "users".into(),
            column: column.map(Name::from),
            kept: "_dbmigrate_kept_0007_users".into(),
        };
        let message = |keeps: &[Keep], script: &str| read(keeps, &split(script)).expect_err(script).message;
        assert_eq!(message(&[keep(Some("a"))], "SELECT 1"), "no statement creates `_dbmigrate_kept_0007_users`");
        let other = "CREATE TABLE _dbmigrate_kept_0007_users (id INTEGER PRIMARY KEY, b)";
        assert_eq!(
            message(&[keep(Some("a"))], other),
            "`_dbmigrate_kept_0007_users` is not a table for a key and the values of `users.a`"
        );
        assert_eq!(
            message(&[keep(Some("a")), keep(None)], other),
            "`_dbmigrate_kept_0007_users` is to keep different things"
        );
    }
}
