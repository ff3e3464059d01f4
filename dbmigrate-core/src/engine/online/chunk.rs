//! The statements of a piece: what is copied or compared in one transaction.

use super::copy::Copy;
use super::key::Side;
use super::{AT, COPY, LOG, Stage};
use crate::sql::Expr;

/// What the message has in it if the two tables differ.
pub(in crate::engine) const DIFFERS: &str = "_dbmigrate_online_differs";

/// As many keys as the log may have for all of it to be taken with a piece.
pub(in crate::engine) const SMALL_LOG: u64 = 5_000;

/// How far a rebuild is, as its table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct At {
    /// The migration.
    pub(in crate::engine) migration: String,
    /// The stage.
    pub(in crate::engine) stage: Stage,
    /// How many pieces there were: another one has another number.
    pub(in crate::engine) chunk: u64,
    /// How many rows were copied, or compared.
    pub(in crate::engine) done: u64,
    /// Whether the stage begins with the next piece.
    pub(in crate::engine) is_first: bool,
    /// Whether the stage ends with the next piece, which has all that is left.
    pub(in crate::engine) is_last: bool,
    /// How many keys there are in the log.
    pub(in crate::engine) logged: u64,
}

/// The query for it.
pub(in crate::engine) fn at_query() -> String {
    format!("SELECT migration, stage, chunk, done, a1 IS NULL, b1 IS NULL, (SELECT count(*) FROM {LOG}) FROM {AT}")
}

/// The same once there is no log any more.
pub(in crate::engine) fn at_query_without_log() -> String {
    format!("SELECT migration, stage, chunk, done, a1 IS NULL, b1 IS NULL, 0 FROM {AT}")
}

impl At {
    /// What holds as long as this is how far it is.
    pub(in crate::engine) fn guard(&self) -> String {
        let (stage, chunk) = (self.stage.name(), self.chunk);
        format!("(SELECT stage = '{stage}' AND chunk = {chunk} FROM {AT})")
    }
}

impl Copy {
    /// What is compared before the next piece, in a transaction that only reads.
    pub(in crate::engine) fn compared(&self, at: &At) -> Vec<String> {
        if at.stage != Stage::Verify || at.logged > SMALL_LOG {
            return Vec::new();
        }
        vec![format!("SELECT json_extract('{{}}', iif({}, '$', '{DIFFERS}'))", self.agrees(at))]
    }

    /// The statements of the next piece, where [`At::guard`] holds. The one behind it has so many rows.
    ///
    /// Where a piece ends is noted by the one before: what comes behind is then either more than a piece, or all that is
    /// left. Rows that others add meanwhile are in the log as well, so that nobody who adds rows all the time is run after.
    pub(in crate::engine) fn piece(&self, at: &At, rows: u64) -> Vec<String> {
        let mut statements = Vec::new();
        if at.logged > SMALL_LOG {
            // a piece of the log alone
            statements.extend(self.catch_up(at, Some(rows)));
            statements.push(format!("UPDATE {AT} SET chunk = chunk + 1"));
            return statements;
        }
        statements.extend(self.catch_up(at, None));
        let (mut done, mut then) = (format!("done + {rows}"), Stage::Ready);
        if at.stage == Stage::Copy {
            statements.push(self.insert(&self.range(at)));
            (done, then) = ("done + changes()".to_owned(), Stage::Verify);
        }
        statements.push(self.moved(at, &done, then));
        if then == Stage::Verify || !at.is_last {
            statements.push(self.next_end(at.is_last, rows));
        }
        statements
    }

    /// Copies anew what the log has, of what was copied before; all of it, or so many of its keys.
    pub(in crate::engine) fn catch_up(&self, at: &At, window: Option<u64>) -> Vec<String> {
        let from = self.table().sql();
        let is_logged = self.key.is_logged(Side::Old, &from, window);
        let mut statements = vec![format!("DELETE FROM {COPY} WHERE {}", self.key.is_logged(Side::New, COPY, window))];
        match (at.stage, at.is_first) {
            // nothing was copied
            (Stage::Copy, true) => {}
            (Stage::Copy, false) => {
                // the log leads to the rows, and not this
                let up_to = self.key.is_up_to(Side::Old, &from, 'a', "+");
                statements.push(self.insert(&format!("WHERE {is_logged} AND {up_to}")));
            }
            _ => statements.push(self.insert(&format!("WHERE {is_logged}"))),
        }
        let window =
            window.map(|rows| format!(" WHERE rowid IN (SELECT rowid FROM {LOG} ORDER BY rowid LIMIT {rows})"));
        statements.push(format!("DELETE FROM {LOG}{}", window.unwrap_or_default()));
        statements
    }

    /// Takes everything out of the new table that the log has, a part of the log at a time: what one row has given up
    /// another one may have taken, and the log may name them in another order.
    pub(in crate::engine) fn clear_logged(&self, first: u64, count: u64) -> Vec<String> {
        let rows = format!("rowid IN (SELECT rowid FROM {LOG} ORDER BY rowid LIMIT {count} OFFSET {first})");
        let is_logged = self.key.is_logged(Side::New, COPY, None);
        let is_logged = is_logged.strip_suffix(')').map(|query| format!("{query} WHERE {rows})")).unwrap_or(is_logged);
        vec![format!("DELETE FROM {COPY} WHERE {is_logged}")]
    }

    /// Notes up to which key a piece of so many rows goes; nothing if fewer are left.
    pub(super) fn next_end(&self, is_first: bool, rows: u64) -> String {
        let table = self.table().sql();
        let key = self.key.list(Side::Old, &table);
        let behind =
            if is_first { String::new() } else { format!(" WHERE {}", self.key.is_behind(Side::Old, &table, "")) };
        let (columns, order) = (self.key.columns_of('b'), self.key.order(&table, false));
        let last = rows.saturating_sub(1);
        format!(
            "UPDATE {AT} SET ({columns}) = (SELECT {key} FROM {table}{behind} ORDER BY {order} LIMIT 1 OFFSET {last})"
        )
    }

    /// The rows of the old table that the piece has.
    fn range(&self, at: &At) -> String {
        let table = self.table().sql();
        let order = self.key.order(&table, false);
        let inside = self.is_inside(Side::Old, &table, at, "").map(|inside| format!("WHERE {inside} "));
        format!("{}ORDER BY {order}", inside.unwrap_or_default())
    }

    /// Whether a row is in the piece; nothing if all are. With a plus, no index is used for it.
    fn is_inside(&self, side: Side, called: &str, at: &At, plus: &str) -> Option<String> {
        let behind = (!at.is_first).then(|| self.key.is_behind(side, called, plus));
        let up_to = (!at.is_last).then(|| self.key.is_up_to(side, called, 'b', plus));
        match (behind, up_to) {
            (Some(behind), Some(up_to)) => Some(format!("{behind} AND {up_to}")),
            (one, other) => one.or(other),
        }
    }

    /// The migration's own copy, of these rows.
    fn insert(&self, rows: &str) -> String {
        let columns: Vec<String> = self.rebuild.values.iter().map(|(name, _)| name.sql().into_owned()).collect();
        let values: Vec<&str> = self.rebuild.values.iter().map(|(_, value)| value.as_str()).collect();
        format!(
            "INSERT OR ABORT INTO {COPY} ({})\nSELECT {}\nFROM {}\n{rows}",
            columns.join(", "),
            values.join(", "),
            self.table().sql()
        )
    }

    /// How many rows a table has in the piece, apart from those that the log has.
    fn count(&self, side: Side, at: &At) -> String {
        let table = if side == Side::Old { self.table().sql().into_owned() } else { COPY.to_owned() };
        let of = |condition: Option<String>| {
            let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
            format!("(SELECT count(*) FROM {table}{condition})")
        };
        // the log leads to these rows
        let logged = self.key.is_logged(side, &table, None);
        let logged = match self.is_inside(side, &table, at, "+") {
            Some(inside) => format!("{logged} AND {inside}"),
            None => logged,
        };
        format!("{} - {}", of(self.is_inside(side, &table, at, "")), of(Some(logged)))
    }

    /// Whether both tables have as many rows in the piece, with the same values where those are copied as they are, apart
    /// from those that were written since they were copied.
    fn agrees(&self, at: &At) -> String {
        let table = self.table().sql();
        let (before, after) = (&self.before, &self.rebuild.definition);
        let copied = self.rebuild.values.iter().filter_map(|(to, value)| {
            let (from, to) = (before.column(&Expr::new(value).as_column()?)?, after.column(to)?);
            (before.affinity(from) == after.affinity(to))
                .then(|| format!("_old.{} COLLATE BINARY IS NOT _new.{}", from.name.sql(), to.name.sql()))
        });
        let differs: Vec<String> = copied.collect();
        let differs = if differs.is_empty() {
            String::new()
        } else {
            let inside = self.is_inside(Side::Old, "_old", at, "").map(|inside| format!("{inside} AND "));
            format!(
                " AND NOT EXISTS (SELECT 1 FROM {table} AS _old CROSS JOIN {COPY} AS _new ON {} WHERE {}({}) AND {} IS NOT TRUE)",
                self.key.is_same("_new", "_old"),
                inside.unwrap_or_default(),
                differs.join(" OR "),
                self.key.is_logged(Side::Old, "_old", None)
            )
        };
        format!("{} = {}{differs}", self.count(Side::Old, at), self.count(Side::New, at))
    }

    /// Goes on behind the piece, or with the next stage if it was the last one.
    fn moved(&self, at: &At, done: &str, then: Stage) -> String {
        let (from, to) = (self.key.columns_of('a'), self.key.columns_of('b'));
        let moved = from.split(", ").zip(to.split(", "));
        if at.is_last {
            let nothing: Vec<String> = moved.map(|(from, to)| format!("{from} = NULL, {to} = NULL")).collect();
            let then = then.name();
            return format!("UPDATE {AT} SET chunk = chunk + 1, done = 0, stage = '{then}', {}", nothing.join(", "));
        }
        let moved: Vec<String> = moved.map(|(from, to)| format!("{from} = {to}")).collect();
        format!("UPDATE {AT} SET chunk = chunk + 1, done = {done}, {}", moved.join(", "))
    }
}
