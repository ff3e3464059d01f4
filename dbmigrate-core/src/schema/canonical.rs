//! When two objects are the same: a canonical text for each, which equal objects and only those share.
//!
//! No difference: formatting, quotes, the case of keywords, names and types, the order of columns and constraints,
//! where a constraint was written (on the column or on the table), `NOT NULL` on a column that cannot be NULL anyway,
//! `DEFAULT NULL`, `TRUE` for `1`, `REFERENCES p` for a reference to p's primary key, double quotes around a string that is the
//! name of no column (sqlite.org/quirks.html#dblquote): any `ALTER TABLE … DROP COLUMN` or `… RENAME COLUMN` writes it in single
//! ones. Everything else is one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{
    Check, Column, Conflict, Deferrable, ForeignKey, Index, KeyPart, PrimaryKey, Schema, Table, Trigger, Unique, View,
    VirtualTable,
};
use crate::sha256::Sha256;
use crate::sql::{Expr, Name};

/// The canonical texts of a schema by kind and folded name.
pub type CanonicalSchema = BTreeMap<(ObjectKind, String), String>;

/// The kinds of objects that have a canonical text of their own. Indexes belong to their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// An ordinary table with its indexes.
    Table,
    /// A virtual table.
    VirtualTable,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl ObjectKind {
    /// The word for it in messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::VirtualTable => "virtual table",
            Self::View => "view",
            Self::Trigger => "trigger",
        }
    }
}

impl Schema {
    /// The canonical text of every object.
    pub fn canonical(&self) -> CanonicalSchema {
        let entry = |kind, name: &Name, text| ((kind, name.folded()), text);
        let tables = self.tables.iter().map(|table| entry(ObjectKind::Table, &table.name, self.canonical_table(table)));
        let virtual_tables = self
            .virtual_tables
            .iter()
            .map(|table| entry(ObjectKind::VirtualTable, &table.name, canonical_virtual_table(table)));
        let views = self.views.iter().map(|view| entry(ObjectKind::View, &view.name, canonical_view(view)));
        let triggers =
            self.triggers.iter().map(|trigger| entry(ObjectKind::Trigger, &trigger.name, canonical_trigger(trigger)));
        tables.chain(virtual_tables).chain(views).chain(triggers).collect()
    }

    /// The same schema, in which what another one has as well is written as there: expressions, the order of columns,
    /// what need not compile.
    #[must_use]
    pub fn written_as_in(mut self, other: &Self) -> Self {
        let (own, theirs) = (self.canonical(), other.canonical());
        for (kind, name) in own.iter().filter(|(key, text)| theirs.get(*key) == Some(*text)).map(|(key, _)| key) {
            let name = Name::from(name.as_str());
            match kind {
                ObjectKind::Table => {
                    other.tables.get(&name).map(|one| self.tables.insert(one.clone()));
                }
                ObjectKind::VirtualTable => {
                    other.virtual_tables.get(&name).map(|one| self.virtual_tables.insert(one.clone()));
                }
                ObjectKind::View => {
                    other.views.get(&name).map(|one| self.views.insert(one.clone()));
                }
                ObjectKind::Trigger => {
                    other.triggers.get(&name).map(|one| self.triggers.insert(one.clone()));
                }
            }
        }
        self
    }

    /// The canonical text of a table of this schema, indexes included.
    pub fn canonical_table(&self, table: &Table) -> String {
        let mut columns: Vec<String> = table.columns.iter().map(|column| canonical_column(table, column)).collect();
        let mut constraints: Vec<String> = table.uniques.iter().map(canonical_unique).collect();
        constraints.extend(table.foreign_keys.iter().map(|key| self.canonical_foreign_key(key)));
        constraints.extend(table.checks.iter().map(|check| canonical_check(table, check)));
        columns.sort_unstable();
        constraints.sort_unstable();
        let mut text = format!("table {}", table.name.folded());
        for line in columns {
            let _ = write!(text, "\n  {line}");
        }
        if let Some(key) = &table.primary_key {
            let _ = write!(text, "\n  {}", canonical_primary_key(key));
        }
        for line in constraints {
            let _ = write!(text, "\n  {line}");
        }
        for (set, option) in
            [(table.strict, "strict"), (table.without_rowid, "without rowid"), (table.random_rowid, "random rowid")]
        {
            if set {
                let _ = write!(text, "\n  {option}");
            }
        }
        for index in &table.indexes {
            let _ = write!(text, "\n  {}", canonical_index(table, index));
        }
        text
    }

    /// The canonical text of a foreign key of this schema.
    pub fn canonical_foreign_key(&self, key: &ForeignKey) -> String {
        let parent_columns = self.referenced_columns(key).unwrap_or_default();
        let mut pairs: Vec<(String, String)> = key
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column.folded(), parent_columns.get(at).map(Name::folded).unwrap_or_default()))
            .collect();
        pairs.sort_unstable();
        let mut text =
            format!("{}foreign key to {} on", canonical_constraint_name(key.name.as_ref()), key.parent.folded());
        for (column, parent) in pairs {
            let _ = write!(text, " {column:?}={parent:?}");
        }
        let _ = write!(text, " delete {} update {}", key.on_delete.sql(), key.on_update.sql());
        if let Some(name) = &key.match_name {
            let _ = write!(text, " match {}", name.folded());
        }
        if key.deferrable == Some(Deferrable::InitiallyDeferred) {
            text.push_str(" deferred");
        }
        text
    }
}

/// The canonical text of a default: `true` and `false` are what they stand for.
pub fn canonical_default(default: &Expr) -> String {
    match default.canonical().as_str() {
        "true" => "1".to_owned(),
        "false" => "0".to_owned(),
        other => other.to_owned(),
    }
}

/// The canonical text of a column of `table`.
pub fn canonical_column(table: &Table, column: &Column) -> String {
    let mut text = format!("column {:?} {}", column.name.folded(), column.decl_type.canonical());
    if table.rejects_null(column) && table.rowid_alias().is_none_or(|alias| alias.name != column.name) {
        text.push_str(" not null");
        // what a clause that is not there would be called, or do, makes no difference
        if column.not_null {
            if let Some(name) = &column.not_null_name {
                let _ = write!(text, " named {}", name.folded());
            }
            text.push_str(&canonical_conflict(column.not_null_conflict));
        }
    }
    if let Some(default) = column.effective_default() {
        let _ = write!(text, " default {}", canonical_default(default));
    }
    if let Some(collate) = column.collate.as_ref().filter(|collate| **collate != *"binary") {
        let _ = write!(text, " collate {}", collate.folded());
    }
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { "stored" } else { "virtual" };
        let _ = write!(text, " as {} {stored}", canonical_expr(table, &generated.expr));
    }
    text
}

/// The canonical text of a primary key.
pub fn canonical_primary_key(key: &PrimaryKey) -> String {
    let autoincrement = if key.autoincrement { " autoincrement" } else { "" };
    format!(
        "{}primary key{}{}{autoincrement}",
        canonical_constraint_name(key.name.as_ref()),
        canonical_parts(&key.parts),
        canonical_conflict(key.conflict)
    )
}

/// The canonical text of a `UNIQUE` constraint.
pub fn canonical_unique(unique: &Unique) -> String {
    format!(
        "{}unique{}{}",
        canonical_constraint_name(unique.name.as_ref()),
        canonical_parts(&unique.parts),
        canonical_conflict(unique.conflict)
    )
}

/// The canonical text of a `CHECK` constraint of `table`.
pub fn canonical_check(table: &Table, check: &Check) -> String {
    format!("{}check {}", canonical_constraint_name(check.name.as_ref()), canonical_expr(table, &check.expr))
}

/// The canonical text of an expression over the columns of `table`.
fn canonical_expr(table: &Table, expr: &Expr) -> String {
    let is_rowid = |name: &Name| ["rowid", "oid", "_rowid_"].iter().any(|rowid| *name == **rowid);
    expr.canonical_among(|name| table.column(name).is_some() || is_rowid(name))
}

/// The canonical text of an index of `table`.
pub fn canonical_index(table: &Table, index: &Index) -> String {
    let unique = if index.unique { "unique " } else { "" };
    let mut text = format!("{unique}index {:?}", index.name.folded());
    for part in &index.parts {
        let _ = write!(text, " ({}", canonical_expr(table, &part.expr));
        push_order(&mut text, part.collate.as_ref(), part.descending);
        text.push(')');
    }
    if let Some(predicate) = &index.predicate {
        let _ = write!(text, " where {}", canonical_expr(table, predicate));
    }
    text
}

/// The canonical text of a view.
pub fn canonical_view(view: &View) -> String {
    let columns: Vec<String> = view.columns.iter().map(Name::folded).collect();
    format!("view {} {columns:?} as {}", view.name.folded(), view.query.canonical())
}

/// The canonical text of a trigger.
pub fn canonical_trigger(trigger: &Trigger) -> String {
    let event = match &trigger.event {
        super::TriggerEvent::Insert => "insert".to_owned(),
        super::TriggerEvent::Delete => "delete".to_owned(),
        super::TriggerEvent::Update(columns) => {
            let mut columns: Vec<String> = columns.iter().map(Name::folded).collect();
            columns.sort_unstable();
            format!("update of {columns:?}")
        }
    };
    let when = trigger.when.as_ref().map(Expr::canonical).unwrap_or_default();
    format!(
        "trigger {} {:?} {event} on {} when {when} begin {} end",
        trigger.name.folded(),
        trigger.timing,
        trigger.on.folded(),
        trigger.body.canonical()
    )
}

/// The canonical text of a virtual table.
pub fn canonical_virtual_table(table: &VirtualTable) -> String {
    let arguments: Vec<String> = table.arguments.iter().map(Expr::canonical).collect();
    format!("virtual table {} using {} {arguments:?}", table.name.folded(), table.module.folded())
}

fn canonical_constraint_name(name: Option<&Name>) -> String {
    name.map(|name| format!("constraint {} ", name.folded())).unwrap_or_default()
}

fn canonical_conflict(conflict: Option<Conflict>) -> String {
    match conflict {
        // what SQLite does when nothing is said
        None | Some(Conflict::Abort) => String::new(),
        Some(conflict) => format!(" on conflict {}", conflict.sql()),
    }
}

fn canonical_parts(parts: &[KeyPart]) -> String {
    let mut text = String::new();
    for part in parts {
        let _ = write!(text, " ({:?}", part.column.folded());
        push_order(&mut text, part.collate.as_ref(), part.descending);
        text.push(')');
    }
    text
}

fn push_order(text: &mut String, collate: Option<&Name>, descending: bool) {
    if let Some(collate) = collate {
        let _ = write!(text, " collate {}", collate.folded());
    }
    if descending {
        text.push_str(" desc");
    }
}

/// A hash of a set of canonical texts that can be kept up to date object by object.
///
/// It is the sum of the texts' SHA-256 modulo 2²⁵⁶, an incremental multiset hash (Clarke et al., ASIACRYPT 2003,
/// `MSet-Add-Hash`): adding or removing an object costs the hash of that object, however large the schema is. It
/// guards against mistakes and drift, not against somebody who constructs collisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SchemaHash([u64; 4]);

impl SchemaHash {
    /// The hash of a whole schema.
    pub fn of(schema: &Schema) -> Self {
        let mut hash = Self::default();
        for text in schema.canonical().values() {
            hash.add(text);
        }
        hash
    }

    /// Adds an object.
    pub fn add(&mut self, canonical: &str) {
        self.add_all(Self(words(canonical)));
    }

    /// Adds all objects of another schema.
    pub fn add_all(&mut self, other: Self) {
        let mut carry = false;
        for (sum, word) in self.0.iter_mut().zip(other.0) {
            let (partial, first) = sum.overflowing_add(word);
            let (total, second) = partial.overflowing_add(u64::from(carry));
            *sum = total;
            carry = first || second;
        }
    }

    /// Takes out an object that was added before.
    pub fn remove(&mut self, canonical: &str) {
        let mut borrow = false;
        for (sum, word) in self.0.iter_mut().zip(words(canonical)) {
            let (partial, first) = sum.overflowing_sub(word);
            let (total, second) = partial.overflowing_sub(u64::from(borrow));
            *sum = total;
            borrow = first || second;
        }
    }

    /// The hash as 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().rev().fold(String::with_capacity(64), |mut text, word| {
            let _ = write!(text, "{word:016x}");
            text
        })
    }
}

fn words(text: &str) -> [u64; 4] {
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|at| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[at * 8..at * 8 + 8]);
        u64::from_le_bytes(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_null_anyway_is_the_same_with_not_null() {
        let mut implied = Table::new("t");
        implied.columns.push(Column::new("id", "TEXT"));
        implied.primary_key =
            Some(PrimaryKey { name: None, parts: vec![KeyPart::new("id")], autoincrement: false, conflict: None });
        let mut said = implied.clone();
        said.columns[0].not_null = true;
        let text = |table: &Table| Schema::default().canonical_table(table);
        // a table with rowids takes NULL in its primary key
        assert_ne!(text(&implied), text(&said));
        for set in [|table: &mut Table| table.without_rowid = true, |table: &mut Table| table.strict = true] {
            let (mut implied, mut said) = (implied.clone(), said.clone());
            set(&mut implied);
            set(&mut said);
            assert_eq!(text(&implied), text(&said));
        }
    }

    #[test]
    fn the_schema_hash_does_not_depend_on_the_order_and_can_be_undone() {
        let mut one = SchemaHash::default();
        one.add("a");
        one.add("b");
        let mut two = SchemaHash::default();
        two.add("b");
        two.add("x");
        two.add("a");
        assert_ne!(one, two);
        two.remove("x");
        assert_eq!(one, two);
        two.remove("a");
        two.remove("b");
        assert_eq!(two, SchemaHash::default());
        assert_eq!(two.to_hex().len(), 64);
    }
}
