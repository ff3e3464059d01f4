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
    /// How many keys there are in the log.
    pub(in crate::engine) logged: u64,
}

/// The query for it.
pub(in crate::engine) fn at_query() -> String {
    format!("SELECT migration, stage, chunk, done, a1 IS NULL, (SELECT count(*) FROM {LOG}) FROM {AT}")
}

/// The same once there is no log any more.
pub(in crate::engine) fn at_query_without_log() -> String {
    format!("SELECT migration, stage, chunk, done, a1 IS NULL, 0 FROM {AT}")
}

impl At {
    /// What holds as long as this is how far it is.
    pub(in crate::engine) fn guard(&self) -> String {
        let (stage, chunk) = (self.stage.name(), self.chunk);
        format!("(SELECT stage = '{stage}' AND chunk = {chunk} FROM {AT})")
    }
}

impl Copy {
    /// The statements of the next piece of so many rows, where [`At::guard`] holds.
    pub(in crate::engine) fn piece(&self, at: &At, rows: u64) -> Vec<String> {
        let mut statements = Vec::new();
        if at.logged > SMALL_LOG {
            // a piece of the log alone
            statements.extend(self.catch_up(at, Some(rows)));
            statements.push(format!("UPDATE {AT} SET chunk = chunk + 1"));
            return statements;
        }
        statements.extend(self.catch_up(at, None));
        statements.extend(self.next_end(at.is_first, rows));
        if at.stage == Stage::Copy {
            statements.push(self.insert(&self.range(at.is_first)));
            statements.push(self.next(Stage::Copy, Stage::Verify, "changes()"));
        } else {
            statements
                .push(format!("SELECT json_extract('{{}}', iif({}, '$', '{DIFFERS}'))", self.agrees(at.is_first)));
            let count = self.count(Side::New, at.is_first);
            statements.push(self.next(Stage::Verify, Stage::Ready, &count));
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

    /// Notes up to which key the next piece goes.
    fn next_end(&self, is_first: bool, rows: u64) -> [String; 2] {
        let table = self.table().sql();
        let key = self.key.list(Side::Old, &table);
        let behind = if is_first { String::new() } else { format!(" WHERE {}", self.key.is_behind(Side::Old, &table)) };
        let columns = self.key.columns_of('b');
        let set =
            |rest: &str| format!("UPDATE {AT} SET ({columns}) = (SELECT {key} FROM {table}{behind} ORDER BY {rest})");
        let last = rows.saturating_sub(1);
        [
            set(&format!("{} LIMIT 1 OFFSET {last}", self.key.order(&table, false))),
            // fewer are left
            format!("{} WHERE b1 IS NULL", set(&format!("{} LIMIT 1", self.key.order(&table, true)))),
        ]
    }

    /// The rows of the old table that the piece has.
    fn range(&self, is_first: bool) -> String {
        let table = self.table().sql();
        let order = self.key.order(&table, false);
        format!("WHERE {} ORDER BY {order}", self.is_inside(Side::Old, &table, is_first))
    }

    fn is_inside(&self, side: Side, called: &str, is_first: bool) -> String {
        let up_to = self.key.is_up_to(side, called, 'b', "");
        if is_first { up_to } else { format!("{} AND {up_to}", self.key.is_behind(side, called)) }
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

    fn count(&self, side: Side, is_first: bool) -> String {
        let table = if side == Side::Old { self.table().sql().into_owned() } else { COPY.to_owned() };
        format!("(SELECT count(*) FROM {table} WHERE {})", self.is_inside(side, &table, is_first))
    }

    /// Whether both tables have as many rows in the piece, with the same values where those are copied as they are. Behind
    /// the last one the new table has none.
    fn agrees(&self, is_first: bool) -> String {
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
            format!(
                " AND NOT EXISTS (SELECT 1 FROM {table} AS _old CROSS JOIN {COPY} AS _new ON {} WHERE {} AND ({}))",
                self.key.is_same("_new", "_old"),
                self.is_inside(Side::Old, "_old", is_first),
                differs.join(" OR ")
            )
        };
        let behind = if is_first { String::new() } else { format!(" WHERE {}", self.key.is_behind(Side::New, COPY)) };
        format!(
            "iif((SELECT b1 IS NULL FROM {AT}), NOT EXISTS (SELECT 1 FROM {COPY}{behind}), {} = {}{differs})",
            self.count(Side::Old, is_first),
            self.count(Side::New, is_first)
        )
    }

    /// Goes on behind the piece, or with the next stage if there were no rows any more.
    fn next(&self, stage: Stage, then: Stage, rows: &str) -> String {
        let (stage, then) = (stage.name(), then.name());
        let (from, to) = (self.key.columns_of('a'), self.key.columns_of('b'));
        let moved = from.split(", ").zip(to.split(", ")).map(|(from, to)| format!("{from} = {to}"));
        format!(
            "UPDATE {AT} SET chunk = chunk + 1, done = iif(b1 IS NULL, 0, done + {rows}), \
             stage = iif(b1 IS NULL, '{then}', '{stage}'), {}",
            moved.collect::<Vec<_>>().join(", ")
        )
    }
}
