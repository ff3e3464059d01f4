//! Random statements of a release, over the tables and columns that it knows.

use super::side::{Side, literal};
use crate::engine::connection::{Connection, text};
use crate::engine::error::EngineError;
use crate::engine::populate::populate;
use crate::plan::create_all;
use crate::schema::{Column, Schema, Table};
use crate::sql::Name;
use crate::sql::expr::Affinity;
use crate::sql::name::sql_list;

/// Values beside those of generated rows: what looks alike, and is not the same.
const ODD: [&str; 9] = ["'a'", "'A'", "'a '", "''", "0", "7", "-1.5", "'7'", "x'00ff'"];

/// A source of statements.
pub(super) struct Statements<'a> {
    tables: Vec<Filled<'a>>,
    random: Random,
}

/// A table with rows that fit it, as literals of the columns that can be written.
struct Filled<'a> {
    table: &'a Table,
    columns: Vec<&'a Column>,
    rows: Vec<Vec<String>>,
    /// Whether it is a view in between, which takes plain statements only, or has other keys there, so that other rows are
    /// in the way.
    is_plain: bool,
}

impl<'a> Statements<'a> {
    /// Those of the tables that the side writes; in those of `plain`, no row takes the place of another.
    pub(super) async fn new(
        schema: &'a Schema,
        side: &Side<'_>,
        plain: &[Name],
        seed: u64,
    ) -> Result<Self, EngineError> {
        let connection = Connection::in_memory().await?;
        connection.run("PRAGMA foreign_keys = OFF").await?;
        let bare = Schema { triggers: crate::schema::NamedMap::default(), ..schema.clone() };
        connection.run_all(&create_all(&bare)).await?;
        populate(&connection, &bare).await?;
        let mut tables = Vec::new();
        for table in side.tables().filter_map(|name| schema.table(name)) {
            let columns: Vec<&Column> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
            let quoted = columns.iter().map(|column| literal(&column.name)).collect::<Vec<_>>();
            let query = format!("SELECT {} FROM {}", quoted.join(", "), table.name.sql());
            let found = connection.rows(&query).await?;
            let rows = found.iter().map(|row| row.iter().map(|value| text(value).to_owned()).collect()).collect();
            tables.push(Filled { table, columns, rows, is_plain: plain.contains(&table.name) });
        }
        Ok(Self { tables, random: Random(seed) })
    }

    /// The next one. `None` if there are no rows of that table to make one of.
    pub(super) fn next_one(&mut self) -> Option<String> {
        let table = self.random.pick(&self.tables)?;
        let row = self.random.pick(&table.rows)?;
        let other = self.random.pick(&table.rows)?;
        let name = table.table.name.sql();
        let key = table.key(row);
        Some(match self.random.below(10) {
            0 | 1 => format!("DELETE FROM {name} WHERE {key}"),
            2 | 3 => {
                let values = table.varied(row, &mut self.random);
                format!("INSERT INTO {name} ({}) VALUES ({})", table.names(|_| true), values.join(", "))
            }
            4 => table.over_another(row, &mut self.random),
            5 => {
                let given = |column: &Column| table.must_be_given(column);
                let values = table.columns.iter().zip(row).filter(|(column, _)| given(column));
                let values = values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
                match values.is_empty() {
                    true => format!("INSERT INTO {name} DEFAULT VALUES"),
                    false => format!("INSERT INTO {name} ({}) VALUES ({values})", table.names(given)),
                }
            }
            _ => {
                let at = self.random.below(table.columns.len().max(1));
                let column = table.columns.get(at)?;
                let value = match self.random.below(4) {
                    0 => self.random.pick(&ODD).copied().unwrap_or("NULL").to_owned(),
                    1 => "NULL".to_owned(),
                    _ => other.get(at)?.clone(),
                };
                format!("UPDATE {name} SET {} = {value} WHERE {key}", column.name.sql())
            }
        })
    }
}

impl Filled<'_> {
    fn names(&self, wanted: impl Fn(&Column) -> bool) -> String {
        let all: Vec<&Name> = self.columns.iter().filter(|column| wanted(column)).map(|column| &column.name).collect();
        sql_list(all)
    }

    /// What names a row: its primary key, or all that it has.
    fn key(&self, row: &[String]) -> String {
        let has_key = self.table.primary_key.is_some();
        let pairs = self.columns.iter().zip(row);
        let pairs = pairs.filter(|(column, _)| !has_key || self.table.is_primary_key(&column.name));
        pairs.map(|(column, value)| format!("{} IS {value}", column.name.sql())).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether an `INSERT` has to give a column, so that both databases get the same.
    fn must_be_given(&self, column: &Column) -> bool {
        let is_constant = column.effective_default().is_none_or(crate::sql::Expr::is_literal);
        let is_key = self.table.is_primary_key(&column.name);
        is_key || !is_constant || (column.not_null && column.effective_default().is_none())
    }

    /// An `INSERT` of a row that may be there already.
    fn over_another(&self, row: &[String], random: &mut Random) -> String {
        let insert = |or: &str| {
            let (name, names) = (self.table.name.sql(), self.names(|_| true));
            format!("INSERT {or}INTO {name} ({names}) VALUES ({})", row.join(", "))
        };
        let key = self.table.primary_key.as_ref().map(|key| sql_list(key.parts.iter().map(|part| &part.column)));
        let rest = self.columns.iter().filter(|column| !self.table.is_primary_key(&column.name));
        let set = rest.map(|column| format!("{0} = excluded.{0}", column.name.sql())).collect::<Vec<_>>();
        match (random.below(3), key) {
            _ if self.is_plain => insert(""),
            (0, _) => insert("OR IGNORE "),
            (1, Some(key)) if !set.is_empty() => {
                let set = set.get(random.below(set.len())).map_or("", String::as_str);
                format!("{} ON CONFLICT ({key}) DO UPDATE SET {set}", insert(""))
            }
            _ => insert("OR REPLACE "),
        }
    }

    /// The row with another value here and there.
    fn varied(&self, row: &[String], random: &mut Random) -> Vec<String> {
        let mut values = row.to_vec();
        for (column, value) in self.columns.iter().zip(&mut values) {
            let in_reference = self.table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
            if self.table.is_primary_key(&column.name) || in_reference || random.below(3) > 0 {
                continue;
            }
            let odd = random.pick(&ODD).copied().unwrap_or("NULL");
            let is_text = self.table.affinity(column) == Affinity::Text;
            *value = match random.below(4) {
                0 => "NULL".to_owned(),
                _ if is_text == odd.starts_with('\'') => odd.to_owned(),
                _ => continue,
            };
        }
        values
    }
}

/// A generator of numbers that is the same everywhere (SplitMix64, by Sebastiano Vigna, in the public domain).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % (count.max(1) as u64)).unwrap_or_default()
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let at = self.below(from.len());
        from.get(at)
    }
}
