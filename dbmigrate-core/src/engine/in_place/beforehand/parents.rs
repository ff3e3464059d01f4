//! The parents that rows get by a new foreign key: whether they are there, and whether one goes meanwhile.
//!
//! A row has its parent when it is asked. From then on it is the row's log that says whether the row was written, and a
//! log of the parent's keys that says whether one is there no more: those of rows that are deleted, or get another key.
//! What `REPLACE` takes out of the way fires no trigger of its own, so before a row of the parent is written, the keys of
//! those that it might replace are logged as well. What is logged need not be gone: that is looked at.

use super::{BEFOREHAND_PREFIX, Question, Subject, canonical, logged_columns};
use crate::engine::connection::{Connection, integer};
use crate::engine::error::EngineError;
use crate::engine::in_place::Stored;
use crate::plan::orphan;
use crate::schema::validate::is_parent_key;
use crate::schema::{ForeignKey, IndexPart, KeyPart, Schema, Table};
use crate::sql::Name;
use crate::sql::expr::Affinity;
use crate::sql::name::sql_list;

/// The columns of a unique key with their collations.
type Unique = Vec<(String, String)>;

/// The parents of rows by one of their foreign keys.
#[derive(Debug, Clone)]
pub(super) struct Parents {
    pub(super) key: ForeignKey,
    /// What is true of a row that has none.
    pub(super) orphan: String,
    /// The columns that are referred to.
    referenced: Vec<Name>,
    /// What is true of a parent that is gone, in the log.
    is_gone: String,
    /// What is true of one that has a row, if an index tells.
    has_row: Option<String>,
    /// How far the log was looked at. Nothing is taken out of it: others may look as well.
    seen: i64,
    /// What keeps other rows of the parent apart.
    apart: Vec<Unique>,
    log: String,
}

/// The parents of the keys that a rebuild adds, apart from those that can only be checked with the lock.
pub(super) fn of(subject: Subject<'_>, stored: &Stored) -> Vec<Parents> {
    let Subject { rebuild, others, schema, .. } = subject;
    let keys = rebuild.definition.foreign_keys.iter();
    let keys = keys.filter(|key| !is_there(schema, &stored.table, key) && !others.contains(&&key.parent));
    keys.enumerate().filter_map(|(at, key)| Parents::read(subject, stored, key, at)).collect()
}

/// Whether the table has this key already, whatever its actions are.
fn is_there(schema: &Schema, table: &Table, key: &ForeignKey) -> bool {
    table.foreign_keys.iter().any(|before| {
        before.parent == key.parent
            && before.columns == key.columns
            && schema.referenced_columns(before) == schema.referenced_columns(key)
    })
}

impl Parents {
    fn read(subject: Subject<'_>, stored: &Stored, key: &ForeignKey, at: usize) -> Option<Self> {
        let Subject { rebuild, schema, .. } = subject;
        let parent = schema.table(&key.parent)?;
        let referenced = schema.referenced_columns(key)?;
        let child = &rebuild.definition;
        let is_table = |column: &Name| parent.column(column).is_some_and(|column| column.generated.is_none());
        if referenced.len() != key.columns.len() || !is_parent_key(parent, &referenced) {
            return None;
        }
        let is_alike = |(column, to): (&Name, &Name)| {
            let affinities = (child.column(column).map(|one| child.affinity(one)), parent.column(to));
            matches!(affinities, (Some(child), Some(to)) if is_alike(child, parent.affinity(to))) && is_table(to)
        };
        if !key.columns.iter().zip(&referenced).all(is_alike) {
            return None;
        }
        let table = rebuild.table.sql();
        let pairs: Vec<(Name, Name)> = key.columns.iter().cloned().zip(referenced.iter().cloned()).collect();
        let orphan = orphan(&rebuild.table, &parent.name, &pairs);
        let log = format!("{BEFOREHAND_PREFIX}gone_{}_{at}", subject.number);
        let is_key: Vec<_> = (1..=referenced.len()).map(|at| format!("gone.k{at} IS NOT NULL AND ")).collect();
        let (name, equal) = (parent.name.sql(), equals("p", &referenced));
        let is_gone = format!("{}NOT EXISTS (SELECT 1 FROM {name} AS p WHERE {equal})", is_key.concat());
        let has_row = has_index(stored, child, parent, key, &referenced)
            .then(|| format!("EXISTS (SELECT 1 FROM {table} AS c WHERE {})", equals("c", &key.columns)));
        let apart = apart(parent, &referenced)?;
        Some(Self { key: key.clone(), orphan, referenced, is_gone, has_row, seen: 0, apart, log })
    }

    /// Whether a preflight looks for rows without one.
    pub(super) fn is_sought(&self, condition: &str) -> bool {
        canonical(condition) == canonical(&self.orphan)
    }

    /// The statements that make the log and the triggers.
    pub(super) fn follow(&self) -> Vec<String> {
        let (parent, log) = (self.key.parent.sql(), &self.log);
        let of = |row: &str| {
            let keys = self.referenced.iter().map(|column| format!("{row}.{}", column.sql()));
            keys.collect::<Vec<_>>()
        };
        let old = of("OLD");
        let differs = old.iter().zip(of("NEW")).map(|(old, new)| format!("{old} IS NOT {new}"));
        let differs = differs.collect::<Vec<_>>().join(" OR ");
        let write = format!("INSERT INTO {log} VALUES ({})", old.join(", "));
        let name = |event: &str| format!("CREATE TRIGGER {log}_{event}");
        let mut statements = vec![
            format!("CREATE TABLE {log} ({})", logged_columns(self.referenced.len())),
            format!("{} AFTER DELETE ON {parent}\nBEGIN\n  {write};\nEND", name("delete")),
            format!("{} AFTER UPDATE ON {parent} WHEN {differs}\nBEGIN\n  {write};\nEND", name("update")),
        ];
        if !self.apart.is_empty() {
            let keys = sql_list(&self.referenced);
            let body = |more: &dyn Fn(&Unique) -> String| {
                let writes = self.apart.iter().map(|apart| {
                    let equal = apart.iter().map(|(column, collate)| format!("{column} = NEW.{column}{collate}"));
                    let equal = equal.collect::<Vec<_>>().join(" AND ");
                    format!("  INSERT INTO {log} SELECT {keys} FROM {parent} WHERE {equal}{};\n", more(apart))
                });
                writes.collect::<Vec<_>>().concat()
            };
            let inserted = body(&|_| String::new());
            let updated = body(&|apart| {
                let differs = apart.iter().map(|(column, _)| format!("NEW.{column} IS NOT OLD.{column}"));
                format!(" AND ({})", differs.collect::<Vec<_>>().join(" OR "))
            });
            statements.push(format!("{} BEFORE INSERT ON {parent}\nBEGIN\n{inserted}END", name("replace")));
            statements.push(format!("{} BEFORE UPDATE ON {parent}\nBEGIN\n{updated}END", name("displace")));
        }
        statements
    }

    /// The statements that remove them.
    #[cfg(feature = "remote")]
    pub(super) fn unfollow(&self) -> Vec<String> {
        let log = &self.log;
        let events: &[&str] =
            if self.apart.is_empty() { &["delete", "update"] } else { &["delete", "update", "replace", "displace"] };
        let triggers = events.iter().map(|event| format!("DROP TRIGGER {log}_{event}"));
        triggers.chain([format!("DROP TABLE {log}")]).collect()
    }

    /// The query that returns a row if a parent is gone that was not seen to be, and had rows as far as an index tells.
    fn gone(&self) -> String {
        let Self { log, seen, is_gone, has_row, .. } = self;
        let has_row = has_row.as_ref().map(|has_row| format!(" AND {has_row}")).unwrap_or_default();
        format!("SELECT 1 FROM {log} AS gone WHERE rowid > {seen} AND {is_gone}{has_row} LIMIT 1")
    }
}

/// That a key in the log is one that these columns of a table have.
fn equals(table: &str, columns: &[Name]) -> String {
    let equal = (1..).zip(columns).map(|(at, column)| format!("{table}.{} = gone.k{at}", column.sql()));
    equal.collect::<Vec<_>>().join(" AND ")
}

/// What has become of the parents of rows that were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Parted {
    /// They are all there.
    No,
    /// Some are gone; whether they had rows takes asking all of them once more.
    Perhaps,
    /// A row has none any more.
    Yes,
}

impl Question {
    /// What has become of parents.
    pub(in crate::engine) async fn parted(&self, connection: &Connection) -> Result<Parted, EngineError> {
        let mut parted = Parted::No;
        for parents in &self.parents {
            if connection.first_row(&parents.gone()).await?.is_some() {
                parted = Parted::Perhaps;
                if parents.has_row.is_some() {
                    return Ok(Parted::Yes);
                }
            }
        }
        Ok(parted)
    }

    /// The queries that return a row if a row has no parent any more. Where no index tells, all rows are asked once a parent
    /// is gone.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn partings(&self) -> impl Iterator<Item = String> {
        self.parents.iter().map(|parents| match parents.has_row {
            Some(_) => parents.gone(),
            None => format!(
                "SELECT 1 WHERE EXISTS ({}) AND EXISTS (SELECT 1 FROM {} NOT INDEXED WHERE {})",
                parents.gone(),
                self.rebuild.table.sql(),
                parents.orphan
            ),
        })
    }

    /// How far the logs of parents go; nothing if they are empty.
    pub(in crate::engine) async fn logged_parents(
        &self,
        connection: &Connection,
    ) -> Result<Option<Vec<i64>>, EngineError> {
        let mut lasts = Vec::new();
        for Parents { log, .. } in &self.parents {
            let last = connection.first_row(&format!("SELECT ifnull(max(rowid), 0) FROM {log}")).await?;
            lasts.push(last.map_or(0, |row| integer(&row[0])));
        }
        Ok(lasts.iter().any(|last| *last > 0).then_some(lasts))
    }

    /// What the logs of parents have up to there parts no row from its parent.
    pub(in crate::engine) fn saw_parents(&mut self, lasts: &[i64]) {
        for (parents, last) in self.parents.iter_mut().zip(lasts) {
            parents.seen = *last;
        }
    }
}

/// Whether what `=` finds is what the key refers to: the affinity of the parent's column is given to the child's value.
fn is_alike(child: Affinity, parent: Affinity) -> bool {
    let is_integer = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    child == parent || is_integer(child) && is_integer(parent)
}

/// Whether the rows of a parent are found by an index of the child.
fn has_index(stored: &Stored, child: &Table, parent: &Table, key: &ForeignKey, referenced: &[Name]) -> bool {
    let collation = |table: &Table, name: &Name| {
        let collate = table.column(name).and_then(|column| column.collate.as_ref());
        collate.map_or_else(|| "binary".to_owned(), Name::folded)
    };
    let is_alike = |(column, to): (&Name, &Name)| collation(child, column) == collation(parent, to);
    let is_first = |first: Option<Name>| first.is_some_and(|first| key.columns.contains(&first));
    let indexed = stored.indexes.iter().any(|index| {
        let is_own = |part: &IndexPart| part.collate.is_none();
        index.predicate.is_none()
            && index.parts.first().is_some_and(|part| is_own(part) && is_first(part.expr.as_column()))
    });
    let constraints = child.primary_key.iter().map(|key| &key.parts).chain(child.uniques.iter().map(|key| &key.parts));
    let keyed = constraints
        .filter_map(|parts| parts.first())
        .any(|part| part.collate.is_none() && is_first(Some(part.column.clone())));
    key.columns.iter().zip(referenced).all(is_alike) && (indexed || keyed)
}

/// What keeps rows of a table apart besides these columns. `None` if that is an expression.
fn apart(table: &Table, besides: &[Name]) -> Option<Vec<Unique>> {
    let collated = |column: &Name, collate: Option<&Name>| {
        let collate = collate.map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default();
        (column.sql().into_owned(), collate)
    };
    let is_other = |columns: &[(&Name, Option<&Name>)]| {
        let is_of_it = |(column, collate): &(&Name, Option<&Name>)| besides.contains(column) && collate.is_none();
        columns.len() != besides.len() || !columns.iter().all(is_of_it)
    };
    let all_of = |columns: &[(&Name, Option<&Name>)]| columns.iter().map(|one| collated(one.0, one.1)).collect();
    let mut all = Vec::new();
    if let Some(rowid) = table.rowid_name()
        && is_other(&[(&rowid, None)])
    {
        all.push(vec![collated(&rowid, None)]);
    }
    let keys = table.primary_key.iter().map(|key| &key.parts).chain(table.uniques.iter().map(|key| &key.parts));
    for parts in keys {
        let columns: Vec<_> = parts.iter().map(|part: &KeyPart| (&part.column, part.collate.as_ref())).collect();
        if is_other(&columns) {
            all.push(all_of(&columns));
        }
    }
    for index in table.indexes.iter().filter(|index| index.unique) {
        let columns = index.parts.iter().map(|part| part.expr.as_column()).collect::<Option<Vec<Name>>>()?;
        let columns: Vec<_> =
            columns.iter().zip(&index.parts).map(|(column, part)| (column, part.collate.as_ref())).collect();
        if is_other(&columns) || index.predicate.is_some() {
            all.push(all_of(&columns));
        }
    }
    all.dedup();
    Some(all)
}
