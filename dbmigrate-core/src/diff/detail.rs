//! Changes with what was there and what will be, one line each: for people and programs that compare two schemas.

use std::fmt;

use super::{Change, ColumnChange, Diff, TableDiff, rename::displaced};
use crate::ddl::render;
use crate::schema::{Column, ForeignKey, Index, PrimaryKey, Schema, Table};
use crate::sql::Name;

/// Columns of a table that are named on a line, at most.
const MOST_COLUMNS: usize = 12;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Add,
    /// It is gone.
    Drop,
    /// It is in both schemas and differs.
    Alter,
    /// It has another name.
    Rename,
}

impl Action {
    /// The character at the start of a line.
    pub fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Drop => '-',
            Self::Alter | Self::Rename => '~',
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Drop => "drop",
            Self::Alter => "alter",
            Self::Rename => "rename",
        }
    }
}

/// A difference of one object, or of one constraint of a table.
///
/// As text it is one line, such as `+ column users.age INTEGER NOT NULL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The change that it is part of. A change of a table's constraints has several.
    pub change: Change,
    /// What happens.
    pub action: Action,
    /// What to: `table`, `column`, `primary key`, `unique`, `foreign key`, `check`, `option`, `index`,
    /// `virtual table`, `view` or `trigger`.
    pub kind: &'static str,
    /// The table, or the view, that it belongs to or is. Of a renamed table, the new name.
    pub table: Name,
    /// Its name; that of a column with its table, as in `users.age`. A constraint or option goes by its table.
    pub object: String,
    /// How it was declared, as SQL; of something renamed, its old name.
    pub before: Option<String>,
    /// How it is declared afterwards; of something renamed, its new name.
    pub after: Option<String>,
    /// What stands behind the object on the line.
    text: String,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            // their definition says which
            "primary key" | "unique" | "foreign key" | "check" => "constraint",
            kind => kind,
        };
        write!(f, "{} {kind} {}", self.action.sign(), one_line(&self.object))?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", one_line(&self.text)) }
    }
}

impl Diff {
    /// What differs, table by table in the order of their names, views last. `old` and `new` are what was compared.
    pub fn details(&self, old: &Schema, new: &Schema) -> Vec<Detail> {
        let details = Details { diff: self, old, new };
        let mut all: Vec<Detail> = self.changes().iter().flat_map(|change| details.of(change)).collect();
        let is_view = |name: &Name| old.views.contains(name) || new.views.contains(name);
        // stable: within a table they stay as they are
        all.sort_by_cached_key(|detail| (is_view(&detail.table), detail.table.folded()));
        all
    }
}

struct Details<'a> {
    diff: &'a Diff,
    old: &'a Schema,
    new: &'a Schema,
}

impl Details<'_> {
    fn of(&self, change: &Change) -> Vec<Detail> {
        match change {
            Change::CreateTable(name) => whole_table(change, Action::Add, name, self.new).into_iter().collect(),
            Change::DropTable(name) => whole_table(change, Action::Drop, name, self.old).into_iter().collect(),
            Change::RenameTable(from, to) => vec![renamed(change, "table", to, from.to_string(), from, to)],
            Change::RenameColumn(table, from, to) => {
                vec![renamed(change, "column", table, format!("{table}.{from}"), from, to)]
            }
            Change::AddColumn(table, column) => self.added_column(change, table, column),
            Change::DropColumn(table, column) => self.dropped_column(change, table, column).into_iter().collect(),
            Change::AlterColumn(table, column) => self.altered_column(change, table, column).into_iter().collect(),
            Change::AlterPrimaryKey(_)
            | Change::AlterConstraints(..)
            | Change::AlterOptions(_)
            | Change::CreateIndex(..)
            | Change::DropIndex(..)
            | Change::AlterIndex(..) => self.within_table(change),
            Change::Create(kind, name) | Change::Drop(kind, name) | Change::Alter(kind, name) => {
                vec![self.whole(change, kind, name)]
            }
        }
    }

    fn tables(&self, name: &Name) -> Option<(&TableDiff, &Table, &Table)> {
        let diff = self.diff.tables.iter().find(|diff| diff.name == *name)?;
        Some((diff, self.diff.renamed.table(name)?, self.new.table(name)?))
    }

    /// The column with its own foreign keys; those of several columns and the checks on lines of their own, with the
    /// first new column that they are about.
    fn added_column(&self, change: &Change, name: &Name, column: &Name) -> Vec<Detail> {
        let Some((diff, _, table)) = self.tables(name) else { return Vec::new() };
        let Some(declared) = table.column(column) else { return Vec::new() };
        let (own, shared): (Vec<&ForeignKey>, Vec<&ForeignKey>) =
            diff.added_foreign_keys.iter().partition(|key| key.columns == [column.clone()]);
        let is_first = |mentions: &dyn Fn(&Name) -> bool| diff.added.iter().find(|one| mentions(one)) == Some(column);
        let keys = shared.into_iter().filter(|key| is_first(&|one| key.columns.contains(one)));
        let checks = diff.added_checks.iter().filter(|check| is_first(&|one| check.expr.mentions(one)));
        let object = format!("{name}.{}", declared.name);
        let mut details =
            vec![one_sided(change, Action::Add, "column", name, object, definition(declared, &own)).in_full()];
        details.extend(keys.map(|key| constraint(change, Action::Add, "foreign key", name, render::foreign_key(key))));
        details.extend(checks.map(|check| constraint(change, Action::Add, "check", name, render::check(check))));
        details
    }

    fn dropped_column(&self, change: &Change, name: &Name, column: &Name) -> Option<Detail> {
        let (_, before, after) = self.tables(name)?;
        let declared = before.column(column)?;
        // a column whose name another one takes over is known by that name
        let known = after.columns.iter().map(|column| &column.name).find(|name| displaced(name) == *column);
        let object = format!("{name}.{}", known.unwrap_or(&declared.name));
        Some(one_sided(change, Action::Drop, "column", name, object, definition(declared, &[])).in_full())
    }

    fn altered_column(&self, change: &Change, name: &Name, column: &ColumnChange) -> Option<Detail> {
        let (_, before, after) = self.tables(name)?;
        let (before, after) = (before.column(&column.name)?, after.column(&column.name)?);
        let detail = both_sided(
            change,
            "column",
            name,
            format!("{name}.{}", after.name),
            definition(before, &[]),
            definition(after, &[]),
        );
        // NOT NULL may come from the table: STRICT, WITHOUT ROWID, the rowid
        let is_elsewhere = detail.before == detail.after;
        Some(if is_elsewhere { detail.shown(format!("({})", column.words().join(", "))) } else { detail })
    }

    fn within_table(&self, change: &Change) -> Vec<Detail> {
        let (Change::AlterPrimaryKey(name)
        | Change::AlterConstraints(name, _)
        | Change::AlterOptions(name)
        | Change::CreateIndex(name, _)
        | Change::DropIndex(name, _)
        | Change::AlterIndex(name, _)) = change
        else {
            return Vec::new();
        };
        let Some((diff, before, after)) = self.tables(name) else { return Vec::new() };
        let both = |kind, dropped: Vec<String>, added: Vec<String>| {
            let dropped = dropped.into_iter().map(|text| constraint(change, Action::Drop, kind, name, text));
            let added = added.into_iter().map(|text| constraint(change, Action::Add, kind, name, text));
            dropped.chain(added).collect()
        };
        let old_only = |column: &Name| !diff.added.contains(column);
        match change {
            Change::AlterPrimaryKey(_) => {
                let key = |table: &Table| table.primary_key.iter().map(primary_key).collect();
                both("primary key", key(before), key(after))
            }
            Change::AlterConstraints(_, "unique") => both(
                "unique",
                diff.dropped_uniques.iter().map(render::unique).collect(),
                diff.added_uniques.iter().map(render::unique).collect(),
            ),
            Change::AlterConstraints(_, "foreign_keys") => {
                let added = diff.added_foreign_keys.iter().filter(|key| key.columns.iter().all(old_only));
                let dropped = diff.dropped_foreign_keys.iter().map(render::foreign_key);
                both("foreign key", dropped.collect(), added.map(render::foreign_key).collect())
            }
            Change::AlterConstraints(..) => {
                let added = diff.added_checks.iter();
                let added = added.filter(|check| !diff.added.iter().any(|column| check.expr.mentions(column)));
                let dropped = diff.dropped_checks.iter().map(render::check);
                both("check", dropped.collect(), added.map(render::check).collect())
            }
            Change::AlterOptions(_) => {
                let only = |one: &Table, other: &Table| {
                    let other = options(other);
                    options(one).into_iter().filter(|option| !other.contains(option)).collect()
                };
                both("option", only(before, after), only(after, before))
            }
            Change::CreateIndex(_, index) | Change::DropIndex(_, index) | Change::AlterIndex(_, index) => {
                let text = |table: &Table| table.indexes.get(index).map(|index| on_table(name, index));
                let object = index.to_string();
                match (text(before), text(after)) {
                    (Some(before), Some(after)) => vec![both_sided(change, "index", name, object, before, after)],
                    (None, Some(after)) => {
                        vec![one_sided(change, Action::Add, "index", name, object, after).in_full()]
                    }
                    (Some(before), None) => {
                        vec![one_sided(change, Action::Drop, "index", name, object, before).in_full()]
                    }
                    (None, None) => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// A view, trigger or virtual table: too long for a line.
    fn whole(&self, change: &Change, kind: &'static str, name: &Name) -> Detail {
        let sql = |schema: &Schema| match kind {
            "view" => schema.views.get(name).map(render::create_view),
            "trigger" => schema.triggers.get(name).map(render::create_trigger),
            _ => schema.virtual_tables.get(name).map(render::create_virtual_table),
        };
        let on = |schema: &Schema| schema.triggers.get(name).map(|trigger| trigger.on.clone());
        let table = match kind {
            "trigger" => on(self.new).or_else(|| on(self.old)).unwrap_or_else(|| name.clone()),
            _ => name.clone(),
        };
        let (action, before, after) = match change {
            Change::Create(..) => (Action::Add, None, sql(self.new)),
            Change::Drop(..) => (Action::Drop, sql(self.old), None),
            _ => (Action::Alter, sql(&self.diff.renamed), sql(self.new)),
        };
        let text = if kind == "trigger" { format!("on {table}") } else { String::new() };
        Detail { change: change.clone(), action, kind, table, object: name.to_string(), before, after, text }
    }
}

impl Detail {
    fn shown(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// With the whole of the one definition on the line.
    fn in_full(self) -> Self {
        let text = self.before.clone().or_else(|| self.after.clone()).unwrap_or_default();
        self.shown(text)
    }
}

fn whole_table(change: &Change, action: Action, name: &Name, schema: &Schema) -> Option<Detail> {
    let table = schema.table(name)?;
    let mut columns: Vec<&str> = table.columns.iter().take(MOST_COLUMNS).map(|column| column.name.as_str()).collect();
    let more = format!("{} more", table.columns.len() - columns.len());
    if columns.len() < table.columns.len() {
        columns.push(&more);
    }
    let text = format!("({})", columns.join(", "));
    let object = name.to_string();
    Some(one_sided(change, action, "table", name, object, render::create_table(table)).shown(text))
}

fn one_sided(
    change: &Change,
    action: Action,
    kind: &'static str,
    table: &Name,
    object: String,
    definition: String,
) -> Detail {
    let (before, after) = if action == Action::Drop { (Some(definition), None) } else { (None, Some(definition)) };
    Detail { change: change.clone(), action, kind, table: table.clone(), object, before, after, text: String::new() }
}

fn both_sided(
    change: &Change,
    kind: &'static str,
    table: &Name,
    object: String,
    before: String,
    after: String,
) -> Detail {
    let or_nothing = |text: &str| if text.is_empty() { "(nothing declared)".to_owned() } else { text.to_owned() };
    let text = format!("{} -> {}", or_nothing(&before), or_nothing(&after));
    let (change, table, before, after) = (change.clone(), table.clone(), Some(before), Some(after));
    Detail { change, action: Action::Alter, kind, table, object, before, after, text }
}

fn constraint(change: &Change, action: Action, kind: &'static str, table: &Name, definition: String) -> Detail {
    one_sided(change, action, kind, table, table.to_string(), definition).in_full()
}

fn renamed(change: &Change, kind: &'static str, table: &Name, object: String, from: &Name, to: &Name) -> Detail {
    Detail {
        change: change.clone(),
        action: Action::Rename,
        kind,
        table: table.clone(),
        object,
        before: Some(from.to_string()),
        after: Some(to.to_string()),
        text: format!("renamed to {to}"),
    }
}

/// A column's definition without its name.
fn definition(column: &Column, foreign_keys: &[&ForeignKey]) -> String {
    let text = render::added_column(column, foreign_keys, &[], None);
    text[column.name.sql().len()..].trim_start().to_owned()
}

fn primary_key(key: &PrimaryKey) -> String {
    format!("{}{}", render::primary_key(key), if key.autoincrement { " AUTOINCREMENT" } else { "" })
}

fn options(table: &Table) -> Vec<String> {
    let all = [(table.strict, "STRICT"), (table.without_rowid, "WITHOUT ROWID"), (table.random_rowid, "RANDOM ROWID")];
    all.iter().filter(|(set, _)| *set).map(|(_, option)| (*option).to_owned()).collect()
}

/// What stands behind the name of an index: `UNIQUE ON users (email)`.
fn on_table(table: &Name, index: &Index) -> String {
    let sql = render::create_index(table, index);
    let unique = if index.unique { "UNIQUE " } else { "" };
    let head = format!("CREATE {unique}INDEX {} ", index.name.sql());
    format!("{unique}{}", sql.strip_prefix(&head).unwrap_or(&sql))
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::ddl::read::schema_of as schema;
    use crate::diff::{Renames, diff};

    #[track_caller]
    fn lines(old: &str, new: &str, renames: &Renames) -> Vec<String> {
        let (old, new) = (schema(old), schema(new));
        let diff = diff(&old, &new, renames).expect("the renames fit");
        diff.details(&old, &new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_change_has_a_line_that_says_what_was_and_what_will_be() {
        let old =
            "CREATE TABLE a (id INTEGER PRIMARY KEY, nick TEXT, name TEXT, org INT REFERENCES b ON DELETE CASCADE,
                     UNIQUE (nick), CHECK (length(name) > 0));
                   CREATE INDEX by_name ON a (name);
                   CREATE INDEX by_nick ON a (nick);
                   CREATE TABLE b (id INTEGER PRIMARY KEY);
                   CREATE TABLE gone (x, y);
                   CREATE VIEW v AS SELECT 1;
                   CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1; END;";
        let new = "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT '',
                     org INT REFERENCES b, age INTEGER NOT NULL REFERENCES b (id), low INT, CHECK (low < age)) STRICT;
                   CREATE UNIQUE INDEX by_name ON a (name COLLATE nocase);
                   CREATE TABLE b (id INTEGER PRIMARY KEY);
                   CREATE TABLE fresh (x INT);
                   CREATE VIEW v AS SELECT 2;
                   CREATE TRIGGER t2 AFTER INSERT ON b BEGIN SELECT 1; END;";
        assert_eq!(
            lines(old, new, &Renames::default()),
            [
                "+ column a.age INTEGER NOT NULL REFERENCES b (id)",
                "+ constraint a CHECK (low < age)",
                "+ column a.low INT",
                "- column a.nick TEXT",
                "~ column a.name TEXT -> TEXT NOT NULL DEFAULT ''",
                "- constraint a PRIMARY KEY (id)",
                "+ constraint a PRIMARY KEY (id) AUTOINCREMENT",
                "- constraint a UNIQUE (nick)",
                "- constraint a FOREIGN KEY (org) REFERENCES b ON DELETE CASCADE",
                "+ constraint a FOREIGN KEY (org) REFERENCES b",
                "- constraint a CHECK (length(name) > 0)",
                "+ option a STRICT",
                "~ index by_name ON a (name) -> UNIQUE ON a (name COLLATE nocase)",
                "- index by_nick ON a (nick)",
                "+ trigger t2 on b",
                "- trigger t on b",
                "+ table fresh (x)",
                "- table gone (x, y)",
                "~ view v",
            ]
        );
        assert!(lines(old, old, &Renames::default()).is_empty());
    }

    #[test]
    fn a_column_whose_name_is_taken_over_goes_by_that_name() {
        let renames =
            Renames { tables: vec![("a".into(), "b".into())], columns: vec![("b".into(), "x".into(), "y".into())] };
        assert_eq!(
            lines("CREATE TABLE a (x INT, y TEXT)", "CREATE TABLE b (y INT)", &renames),
            ["~ table a renamed to b", "~ column b.x renamed to y", "- column b.y TEXT"]
        );
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(
            lines(
                "CREATE TABLE a (x)",
                "CREATE TABLE a (x, y TEXT DEFAULT 'one\n  two', \"a\nb\")",
                &Renames::default()
            ),
            ["+ column a.y TEXT DEFAULT 'one two'", "+ column a.a b"]
        );
        let columns: Vec<String> = (0..40).map(|at| format!("c{at}")).collect();
        let table = format!("CREATE TABLE a ({})", columns.join(", "));
        assert_eq!(
            lines("", &table, &Renames::default()),
            ["+ table a (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, 28 more)"]
        );
        assert_eq!(
            lines("CREATE TABLE a (x, y INT)", "CREATE TABLE a (x INT, y)", &Renames::default()),
            ["~ column a.x (nothing declared) -> INT", "~ column a.y INT -> (nothing declared)"]
        );
    }

    #[test]
    fn a_clause_that_comes_from_the_table_is_named() {
        let old = "CREATE TABLE a (x TEXT PRIMARY KEY)";
        let new = "CREATE TABLE a (x TEXT PRIMARY KEY) STRICT";
        assert_eq!(lines(old, new, &Renames::default()), ["~ column a.x (nullability)", "+ option a STRICT"]);
    }
}
