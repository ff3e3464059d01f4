//! What a migration brings back of what was kept: the directive by which it is counted while it is applied.
//!
//! ```sql
//! -- dbmigrate: restore users.legacy from _dbmigrate_kept_0007_users else NULL
//! --     SELECT restored, total - known, …
//! ```
//!
//! The query runs before the statements of the migration and in their transaction. It returns one row of four numbers:
//! the rows that get what was kept of them, those that nothing was kept of because they were added since, those that
//! were deleted since, and those whose values were changed since, so that they stay. NULL is for what cannot be known.

use super::{Kept, KeptTable, object, object_and_kept, shape, split_at_word, tally_name, word};
use crate::sql::Name;

/// `-- dbmigrate: restore users.legacy from _dbmigrate_kept_0007_users else NULL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// The table, as it is called behind the migration.
    pub table: Name,
    /// The column, unless it is the whole table.
    pub column: Option<Name>,
    /// The hidden table.
    pub kept: Name,
    /// What the other rows get, as SQL; `None` if they keep what they have.
    pub otherwise: Option<String>,
    /// The query that counts.
    pub query: String,
}

impl Restore {
    /// The directive behind `dbmigrate:`, without the query.
    pub fn directive(&self) -> String {
        let otherwise = self.otherwise.as_ref().map(|expr| format!(" else {expr}")).unwrap_or_default();
        format!("restore {} from {}{otherwise}", self.object(), word(&self.kept))
    }

    /// What comes back: `users.legacy`, `audit`.
    pub fn object(&self) -> String {
        object(&self.table, self.column.as_ref())
    }

    /// Reads what stands behind the word `restore`, without the query, which is on further lines.
    pub fn parse(line: usize, rest: &str) -> Option<Self> {
        let (first, query) = rest.trim().split_once('\n')?;
        let (object, rest) = split_at_word(first.trim(), "from")?;
        let (kept, otherwise) = match split_at_word(rest, "else") {
            Some((kept, otherwise)) => (kept, Some(otherwise.trim().to_owned())),
            None => (rest, None),
        };
        let (table, column, kept) = object_and_kept(object, kept)?;
        Some(Self { line, table, column, kept, otherwise, query: query.trim().to_owned() })
    }
}

/// Where the rows are that values come back to, before the migration that does it.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    /// The table.
    pub table: &'a Name,
    /// The key: as it is called in the hidden table, and in this one.
    pub key: &'a [(Name, Name)],
    /// The column, if its values are there and were converted.
    pub converted: Option<&'a Name>,
}

/// The query that counts what becomes of kept values of a column. `after` is the hidden column with what the migration
/// has made of them, if it has converted them.
pub fn of_values(from: &KeptTable, after: Option<&Name>, rows: &Rows<'_>) -> String {
    let (kept, table) = (from.name.sql(), rows.table.sql());
    let equal = |(hidden, column): &(Name, Name)| format!("{kept}.{} = {table}.{}", hidden.sql(), column.sql());
    let join: Vec<String> = rows.key.iter().map(equal).collect();
    let is_known = rows.key.first().map_or_else(|| "NULL".to_owned(), |(hidden, _)| format!("{kept}.{}", hidden.sql()));
    let restored = match (after, rows.converted) {
        (Some(after), Some(column)) => {
            let (then, now) = (format!("{kept}.{}", after.sql()), format!("{table}.{}", column.sql()));
            format!("ifnull(sum({is_known} IS NOT NULL AND {then} IS {now} AND typeof({then}) = typeof({now})), 0)")
        }
        _ => format!("count({is_known})"),
    };
    let deleted = match &from.kept {
        Kept::Columns(columns) if columns.is_counted => {
            format!("(SELECT {} FROM {}) - known", shape::COUNT, tally_name(&from.name).sql())
        }
        _ => "NULL".to_owned(),
    };
    format!(
        "SELECT restored, total - known, {deleted}, known - restored FROM (SELECT count(*) AS total, count({is_known}) \
         AS known, {restored} AS restored FROM {table} LEFT JOIN {kept} ON {})",
        join.join(" AND ")
    )
}

/// The query that counts what becomes of the rows of a table that was kept as a whole: those that do not come back are
/// the ones for which one of these conditions holds.
pub fn of_rows(from: &Name, gone: &[String]) -> String {
    let from = from.sql();
    if gone.is_empty() {
        return format!("SELECT count(*), 0, 0, 0 FROM {from}");
    }
    let gone: Vec<String> = gone.iter().map(|condition| format!("({condition})")).collect();
    format!(
        "SELECT count(*) - gone, 0, gone, 0 FROM {from}, (SELECT count(*) AS gone FROM {from} WHERE {})",
        gone.join(" OR ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_read_as_it_is_written() {
        for table in ["users", "a from b", "my.t", "x else y", "it's"] {
            for otherwise in [None, Some("NULL"), Some("(' else ' || id)")] {
                let (table, kept) = (Name::from(table), crate::kept::kept_name(7, &Name::from(table), |_| false));
                let query = "SELECT 1, 2,\n3, 4".to_owned();
                let otherwise = otherwise.map(str::to_owned);
                let restore = Restore { line: 2, table, column: Some("c".into()), kept, otherwise, query };
                let text = format!("{}\n{}", restore.directive(), restore.query);
                let rest = text.strip_prefix("restore ").expect(&text);
                assert_eq!(Restore::parse(2, rest), Some(restore), "{text}");
            }
        }
        for text in ["", "users.a from _dbmigrate_kept_0007_users", "a from b\nSELECT 1"] {
            assert_eq!(Restore::parse(1, text), None, "{text}");
        }
    }
}
