//! The swap: the old table aside, the new one in its place, each without a row being touched; and how what is left goes.

use std::time::Duration;

use super::copy::{Copy, index_name, no_parent, old_index_name};
use super::{COPY, OLD};
use crate::ddl::render;
use crate::engine::connection::{Row, integer};
use crate::engine::pieces::rowid_ends;
use crate::engine::value::Value;
use crate::schema::{Index, Table};
use crate::sql::Name;
use crate::sql::name::quote_string;
use crate::sql::token::significant;

/// How many rows a table may have whose indexes a server makes within the swap.
pub(in crate::engine) const FEW: u64 = 100_000;

/// What a server takes for a row of an index that it makes, in nanoseconds (docs/performance.md#rebuilds-online).
const INDEXED_ROW: u64 = 750;
/// For a row of a table that it drops.
const DROPPED_ROW: u64 = 150;
/// For a page of a table that is dropped, of a server or a file, on a busy machine.
const DROPPED_PAGE: u64 = 15_000;
/// For a foreign key of a row that it checks.
const CHECKED_KEY: u64 = 225;

/// What others wait for at the end of a rebuild on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Wait {
    /// What it is for: "a server makes index `users_name` in one statement".
    pub(in crate::engine) why: String,
    /// About how long.
    pub(in crate::engine) time: Duration,
}

/// What swaps the tables in a file.
#[derive(Debug)]
pub(in crate::engine) struct Swap {
    /// The statements.
    pub(in crate::engine) renames: Vec<String>,
    /// Those behind them, each of which changes one row of `sqlite_schema`.
    pub(in crate::engine) edits: Vec<String>,
}

/// How an index is called by its own name again.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Made {
    /// The index of the old table that has the name, if that is still there.
    pub(in crate::engine) dropped: Option<Name>,
    /// `CREATE INDEX`.
    pub(in crate::engine) create: String,
    /// What it was called while it grew, if it did.
    pub(in crate::engine) grown: Option<Name>,
}

impl Copy {
    /// What puts the new table into the place of the old one, in a database whose schema can be written.
    ///
    /// With `legacy_alter_table`, a rename leaves the foreign keys of other tables as they are, and views
    /// (sqlite.org/pragma.html#pragma_legacy_alter_table). There is no statement that renames an index, or gives a table
    /// another foreign key, or hands an index over: all of them are only names in `sqlite_schema`, and nothing of what is
    /// stored depends on them.
    pub(in crate::engine) fn swap_locally(&self) -> Swap {
        let table = self.table();
        let mut renames = self.carry_mark();
        renames.extend([
            "PRAGMA legacy_alter_table = ON".to_owned(),
            format!("ALTER TABLE {} RENAME TO {OLD}", table.sql()),
            "PRAGMA legacy_alter_table = OFF".to_owned(),
            format!("ALTER TABLE {COPY} RENAME TO {}", table.sql()),
        ]);
        let mut edits = vec![update("table", table, (table, table), &self.stored())];
        let new = || self.rebuild.indexes.iter().zip(&self.indexes).enumerate();
        let is_kept = |name: &Name| new().any(|(at, ((_, index), _))| self.are_kept[at] && index.name == *name);
        let gone = self.before.indexes.iter().enumerate().filter(|(_, index)| !is_kept(&index.name));
        let old = Name::from(OLD);
        edits.extend(gone.map(|(at, index)| {
            let name = old_index_name(at);
            let create = render::create_index(&old, &Index { name: name.clone(), ..index.clone() });
            update("index", &index.name, (&name, &old), &create)
        }));
        edits.extend(new().flat_map(|(at, ((_, index), text))| {
            let text = stored_index(text, index);
            match self.are_kept[at] {
                true => hand_over(&index.name, table, &text).to_vec(),
                false => vec![update("index", &index_name(at), (&index.name, table), &text)],
            }
        }));
        Swap { renames, edits }
    }

    /// The same on a server, which has neither: foreign keys of other tables would follow the old table, so that it is
    /// dropped where there are any. The new table's own follow their parents there and back.
    pub(in crate::engine) fn swap_on_server(&self) -> Vec<String> {
        let table = self.table().sql();
        let mut statements = self.carry_mark();
        statements.push(if self.has_children {
            format!("DROP TABLE {table}")
        } else {
            format!("ALTER TABLE {table} RENAME TO {OLD}")
        });
        for parent in &self.parents {
            let (name, none) = (parent.sql(), no_parent(parent));
            statements.push(format!("ALTER TABLE {name} RENAME TO {}", none.sql()));
            statements.push(format!("ALTER TABLE {} RENAME TO {name}", none.sql()));
        }
        statements.push(format!("ALTER TABLE {COPY} RENAME TO {table}"));
        statements
    }

    /// What is left to do for the indexes on a server, each of which is made by one statement.
    pub(in crate::engine) fn indexes_to_make(&self) -> Vec<Made> {
        let made = self.rebuild.indexes.iter().zip(&self.indexes).enumerate();
        let made = made.map(|(at, ((_, index), text))| Made {
            dropped: self.before.indexes.contains(&index.name).then(|| index.name.clone()),
            create: text.clone(),
            grown: self.grows(at, false).then(|| index_name(at)),
        });
        made.collect()
    }

    /// What others wait for longest at the end on a server, with so many rows.
    pub(in crate::engine) fn longest_wait(&self, rows: u64) -> Wait {
        let each = |nanoseconds: u64| Duration::from_nanos(nanoseconds.saturating_mul(rows));
        let (mut swap, mut reasons) = (Duration::ZERO, Vec::new());
        let table = self.table();
        if self.has_children {
            reasons.push(format!("a server drops the old `{table}` in one statement, as other tables refer to it"));
            swap += each(DROPPED_ROW);
        }
        if self.can_break_references() {
            reasons.push(format!("foreign keys from and to `{table}` are checked in one transaction"));
            swap += each(CHECKED_KEY);
        }
        let made = each(INDEXED_ROW);
        let index = self.rebuild.indexes.first().map(|(_, index)| &index.name);
        match index {
            Some(index) if rows > FEW && made > swap => {
                Wait { why: format!("a server makes index `{index}` in one statement"), time: made }
            }
            _ => Wait { why: reasons.join(", and "), time: swap },
        }
    }

    fn carry_mark(&self) -> Vec<String> {
        if !self.rebuild.carries_mark {
            return Vec::new();
        }
        let (table, copy) = (quote_string(self.table().as_str()), quote_string(COPY));
        vec![
            format!("DELETE FROM sqlite_sequence WHERE name = {copy}"),
            format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {copy}, seq FROM sqlite_sequence WHERE name = {table} COLLATE NOCASE"
            ),
        ]
    }
}

/// Gives an object of the schema another name, another table and another text.
fn update(kind: &str, from: &Name, (name, table): (&Name, &Name), sql: &str) -> String {
    let [from, name, table] = [from, name, table].map(|name| quote_string(name.as_str()));
    format!(
        "UPDATE sqlite_schema SET name = {name}, tbl_name = {table}, sql = {} WHERE type = '{kind}' AND name = {from} COLLATE NOCASE",
        quote_string(sql)
    )
}

/// Gives an index with its pages to a table. The schema is read in the order of its rows, and an index has to come behind
/// its table.
fn hand_over(index: &Name, table: &Name, sql: &str) -> [String; 2] {
    let [name, table, sql] = [index.as_str(), table.as_str(), sql].map(quote_string);
    let is_it = format!("type = 'index' AND name = {name} COLLATE NOCASE");
    [
        format!(
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) \
             SELECT type, {name}, {table}, rootpage, {sql} FROM sqlite_schema WHERE {is_it}"
        ),
        format!(
            "DELETE FROM sqlite_schema WHERE {is_it} AND rowid < (SELECT max(rowid) FROM sqlite_schema WHERE {is_it})"
        ),
    ]
}

/// The text of `CREATE INDEX` as SQLite stores it.
fn stored_index(text: &str, index: &Index) -> String {
    let tokens = significant(text);
    let name = tokens.iter().find(|token| token.identifier().is_some_and(|name| index.name == *name));
    let unique = if index.unique { "UNIQUE " } else { "" };
    let end = tokens.iter().rev().find(|token| token.text != ";").map_or(text.len(), crate::sql::token::Token::end);
    format!("CREATE {unique}INDEX {}", &text[name.map_or(0, |token| token.start)..end])
}

/// What there is still of a hidden table that is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Left {
    /// At most so many rows; `None` if they would have to be counted.
    rows: Option<u64>,
    is_empty: bool,
    /// The pages that the database uses for anything.
    pages: u64,
}

impl Left {
    /// Reads the answer to [`left`].
    pub(in crate::engine) fn read(row: &Row) -> Option<Self> {
        let number = |at: usize| row.get(at).and_then(|value| u64::try_from(integer(value)).ok());
        let is_counted = !matches!(row.get(1), None | Some(Value::Null));
        Some(Self { rows: number(1).filter(|_| is_counted), is_empty: number(0)? == 0, pages: number(2)? })
    }

    pub(in crate::engine) fn is_empty(self) -> bool {
        self.is_empty
    }

    /// About how long `DROP TABLE` takes for what is left, which frees one page after the other. How many there are is known
    /// from those that became free with the rows that went since `before`; where none did, nothing is known.
    pub(in crate::engine) fn dropped_in(self, before: Self) -> Duration {
        let gone = before.rows.zip(self.rows).map(|(before, now)| before.saturating_sub(now));
        match (gone, self.rows, before.pages.saturating_sub(self.pages)) {
            (Some(gone @ 1..), Some(rows), freed @ 1..) => {
                Duration::from_nanos((freed + 1).saturating_mul(rows).saturating_mul(DROPPED_PAGE) / gone)
            }
            _ => Duration::MAX,
        }
    }
}

/// The query for what is left of a hidden table. It reads no more than the ends of it, since each piece asks again.
pub(in crate::engine) fn left(table: &Table) -> String {
    let name = table.name.sql();
    let rows = match table.rowid_name().filter(|_| !table.random_rowid) {
        Some(rowid) => {
            let [lowest, highest] = rowid_ends(&table.name, &rowid);
            format!("{highest} - {lowest} + 1")
        }
        None => "NULL".to_owned(),
    };
    format!(
        "SELECT EXISTS (SELECT 1 FROM {name}), {rows}, \
         (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)"
    )
}

/// The statement that deletes so many rows of a hidden table, in the order in which they lie. `None` if its rows have no
/// name of their own.
pub(in crate::engine) fn empty(table: &Table, rows: u64) -> Option<String> {
    let name = table.name.sql();
    if table.without_rowid {
        let key = table.primary_key.as_ref()?.parts.iter().map(|part| part.column.sql().into_owned());
        let key: Vec<String> = key.collect();
        let order: Vec<String> = table
            .primary_key
            .as_ref()?
            .parts
            .iter()
            .map(|part| format!("{}{}", part.column.sql(), if part.descending { " DESC" } else { "" }))
            .collect();
        let (key, order) = (key.join(", "), order.join(", "));
        return Some(format!(
            "DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} ORDER BY {order} LIMIT {rows})"
        ));
    }
    let rowid = table.rowid_name()?;
    let rowid = rowid.sql();
    Some(format!(
        "DELETE FROM {name} WHERE {rowid} <= (SELECT max({rowid}) FROM (SELECT {rowid} FROM {name} ORDER BY {rowid} LIMIT {rows}))"
    ))
}
