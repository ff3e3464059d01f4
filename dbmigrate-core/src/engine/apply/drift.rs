//! Drift: what somebody has changed in a database by hand since its last migration.
//!
//! A database that has drifted is left alone, unless that is accepted. Then a migration may go on beside the drift, but
//! not through it:
//!
//! - An object that the migration changes, and a table that it alters or drops even if it is the same afterwards, must
//!   not have drifted. A rebuild would drop the columns that it does not know, with their values, and the index that
//!   somebody has added; columns that change places would take the values of others.
//!   An index that somebody has added is in the way of those only that drop or rename its table.
//! - Afterwards exactly the same objects differ from the snapshot as before, in exactly the same way. So nothing of the
//!   drift is lost on the way (a trigger goes with its table, a rename rewrites views), and nothing is added to it.
//!
//! Objects are compared by their canonical texts; a table's has its indexes in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::ApplyError;
use crate::diff::{Detail, Renames, diff};
use crate::engine::introspect::{StoredObject, Unreadable};
use crate::schema::Schema;
use crate::schema::canonical::{CanonicalSchema, ObjectKind};
use crate::sql::token::significant;
use crate::sql::{Name, Statement, StatementKind, Token};

/// The objects in which a database differs from a snapshot, and what it has in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// `None` where the snapshot has the object and the database does not.
    objects: BTreeMap<(ObjectKind, String), Option<String>>,
    /// Tables that differ in nothing but indexes which somebody has added, and these.
    indexes: BTreeMap<String, Vec<String>>,
    /// What the model cannot represent is in no snapshot.
    unreadable: Vec<StoredObject>,
}

/// An object that has drifted, by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftedObject {
    /// `table`, `the indexes of table`, `virtual table`, `view`, `trigger` or `index`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for DriftedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

impl DriftedObject {
    fn modelled((kind, name): &(ObjectKind, String)) -> Self {
        Self { kind: kind.noun().to_owned(), name: name.clone() }
    }

    fn indexes_of(table: &str) -> Self {
        Self { kind: "the indexes of table".to_owned(), name: table.to_owned() }
    }

    fn stored(object: &StoredObject) -> Self {
        Self { kind: object.kind.clone(), name: object.name.to_string() }
    }
}

impl Drift {
    /// Compares what was found with what a snapshot says.
    pub fn of(found: &CanonicalSchema, unreadable: &[Unreadable], wanted: &CanonicalSchema) -> Self {
        let missing = wanted.keys().filter(|key| !found.contains_key(key));
        let mut objects: BTreeMap<_, _> = missing.map(|key| (key.clone(), None)).collect();
        let mut indexes = BTreeMap::new();
        for (key, text) in found.iter().filter(|(key, text)| wanted.get(key) != Some(text)) {
            match wanted.get(key).and_then(|wanted| added_indexes(text, wanted)) {
                Some(added) => drop(indexes.insert(key.1.clone(), added)),
                None => drop(objects.insert(key.clone(), Some(text.clone()))),
            }
        }
        let mut unreadable: Vec<StoredObject> = unreadable.iter().map(|object| object.object.clone()).collect();
        unreadable.sort_by(|one, two| (&one.kind, &one.name).cmp(&(&two.kind, &two.name)));
        Self { objects, indexes, unreadable }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.indexes.is_empty() && self.unreadable.is_empty()
    }

    /// What of it a migration with these statements, which leads from one snapshot to the other, would change.
    pub fn touched(
        &self,
        before: &CanonicalSchema,
        after: &CanonicalSchema,
        statements: &[Statement<'_>],
    ) -> Vec<DriftedObject> {
        let is_touched = |key: &(ObjectKind, String)| before.get(key) != after.get(key);
        let changed = before.keys().chain(after.keys()).filter(|key| is_touched(key));
        let mut names: Vec<Name> = changed.map(|(_, name)| name.as_str().into()).collect();
        names.extend(statements.iter().flat_map(altered_tables));
        // a new object may have the name of one that somebody has made as something else
        let has_name = |name: &str| names.iter().any(|touched| *touched == *name);
        let modelled = self.objects.keys().filter(|(_, name)| has_name(name)).map(DriftedObject::modelled);
        let replaced: Vec<Name> = statements.iter().flat_map(replaced_tables).collect();
        let goes = |table: &&String| replaced.iter().any(|name| *name == *table.as_str());
        let indexed = self.indexes.keys().filter(goes).map(|table| DriftedObject::indexes_of(table));
        let is_on_touched = |object: &&StoredObject| names.contains(&object.name) || names.contains(&object.table);
        let stored = self.unreadable.iter().filter(is_on_touched).map(DriftedObject::stored);
        let mut touched: Vec<DriftedObject> = modelled.chain(indexed).chain(stored).collect();
        touched.sort();
        touched.dedup();
        touched
    }

    /// What of it is no longer as it was, given what differs now.
    pub fn lost(&self, now: &Self) -> Vec<DriftedObject> {
        let objects = self.objects.iter().filter(|(key, text)| now.objects.get(key) != Some(text));
        let unreadable = self.unreadable.iter().filter(|object| !now.unreadable.contains(object));
        let mut lost: Vec<DriftedObject> = objects.map(|(key, _)| DriftedObject::modelled(key)).collect();
        let indexes = self.indexes.iter().filter(|(table, added)| now.indexes.get(*table) != Some(added));
        lost.extend(indexes.map(|(table, _)| DriftedObject::indexes_of(table)));
        lost.extend(unreadable.map(DriftedObject::stored));
        lost.sort();
        lost.dedup();
        lost
    }

    /// Whether the object that a difference is about has drifted.
    pub(super) fn has(&self, detail: &Detail) -> bool {
        if detail.kind == "index" && self.indexes.contains_key(&detail.table.folded()) {
            return true;
        }
        let name = Name::from(detail.object.as_str());
        let key = match detail.kind {
            "view" => (ObjectKind::View, name.folded()),
            "trigger" => (ObjectKind::Trigger, name.folded()),
            "virtual table" => (ObjectKind::VirtualTable, name.folded()),
            _ => (ObjectKind::Table, detail.table.folded()),
        };
        self.objects.contains_key(&key)
    }
}

/// The table that an `ALTER TABLE` or `DROP TABLE` is about, and the name that it gets.
fn altered_tables(statement: &Statement<'_>) -> Vec<Name> {
    if !matches!(statement.kind, StatementKind::AlterTable | StatementKind::DropTable) {
        return Vec::new();
    }
    let tokens = significant(statement.text);
    let is_word = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    let name = |at: usize| tokens.get(at).and_then(Token::identifier).map(Name::from);
    let mut at = if is_word(2, "if") && is_word(3, "exists") { 4 } else { 2 };
    if tokens.get(at + 1).is_some_and(|token| token.text == ".") {
        at += 2;
    }
    let target = if is_word(at + 1, "rename") && is_word(at + 2, "to") { name(at + 3) } else { None };
    name(at).into_iter().chain(target).collect()
}

/// The tables that a statement drops or renames, and the names that they get.
fn replaced_tables(statement: &Statement<'_>) -> Vec<Name> {
    match &altered_tables(statement)[..] {
        [table] if statement.kind == StatementKind::DropTable => vec![table.clone()],
        [from, to] => vec![from.clone(), to.clone()],
        _ => Vec::new(),
    }
}

/// The indexes that a table has more than is wanted, if that is all in which they differ.
fn added_indexes(found: &str, wanted: &str) -> Option<Vec<String>> {
    let (found, wanted): (BTreeSet<&str>, BTreeSet<&str>) = (found.lines().collect(), wanted.lines().collect());
    let is_index = |line: &str| ["  index ", "  unique index "].iter().any(|start| line.starts_with(start));
    let added: Vec<String> = found.difference(&wanted).map(|line| (*line).to_owned()).collect();
    (wanted.is_subset(&found) && added.iter().all(|line| is_index(line))).then_some(added)
}

/// A drift that was accepted, for the one migration that is to go on beside it.
#[derive(Debug)]
pub struct Tolerated {
    /// What differed before.
    pub drift: Drift,
    /// The snapshot that the migration leads to.
    pub wanted: CanonicalSchema,
}

/// A database that is not what its last migration left.
#[derive(Debug)]
pub struct Drifted {
    /// The last applied migration.
    pub migration: String,
    /// What it left.
    pub wanted: Schema,
    /// What there is.
    pub found: Schema,
    /// What there is and cannot be represented.
    pub unreadable: Vec<Unreadable>,
}

impl Drifted {
    /// What has changed, one by one, without what cannot be represented.
    pub fn details(&self) -> Vec<Detail> {
        let difference = diff(&self.wanted, &self.found, &Renames::default());
        difference.map(|difference| difference.details(&self.wanted, &self.found)).unwrap_or_default()
    }

    /// What has changed, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.details().iter().map(ToString::to_string).collect();
        lines.extend(self.unreadable.iter().map(|Unreadable { object, reason }| {
            format!("! {} {} cannot be represented: {reason}", object.kind, object.name)
        }));
        lines
    }

    pub(super) fn drift(&self) -> Drift {
        Drift::of(&self.found.canonical(), &self.unreadable, &self.wanted.canonical())
    }

    pub(super) fn into_error(self) -> ApplyError {
        let differences = self.lines();
        ApplyError::Drift { migration: self.migration, differences }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;

    fn schema(script: &str) -> CanonicalSchema {
        schema_of(script).canonical()
    }

    const SNAPSHOT: &str =
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
        CREATE VIEW v AS SELECT x FROM a;";

    fn drift(by_hand: &str) -> Drift {
        Drift::of(&schema(by_hand), &[], &schema(SNAPSHOT))
    }

    fn shown(objects: &[DriftedObject]) -> Vec<String> {
        objects.iter().map(ToString::to_string).collect()
    }

    fn odd(kind: &str, name: &str, table: &str) -> Unreadable {
        let (kind, sql) = (kind.to_owned(), "CREATE ?".to_owned());
        let object = StoredObject { kind, name: name.into(), table: table.into(), sql, is_garbled: false };
        Unreadable { object, reason: String::new() }
    }

    #[test]
    fn a_schema_that_is_spelled_differently_has_not_drifted() {
        assert!(
            drift(&SNAPSHOT.replace(", x)", ",\"X\" )").replace("a REFERENCES a", "A references a (ID)")).is_empty()
        );
    }

    #[test]
    fn a_migration_touches_what_its_snapshot_changes() {
        let before = schema(SNAPSHOT);
        let after = schema(&SNAPSHOT.replace("a REFERENCES a", "a REFERENCES a, more TEXT"));
        let by_column = drift(&SNAPSHOT.replace(", x)", ", x, y)"));
        assert!(by_column.touched(&before, &after, &[]).is_empty());
        assert_eq!(shown(&by_column.touched(&before, &schema(""), &[])), ["table `a`"]);
        // a column, and a missing view
        let drifted = drift(
            &SNAPSHOT
                .replace("CREATE VIEW v AS SELECT x FROM a;", "")
                .replace("a REFERENCES a", "a REFERENCES a, by_hand"),
        );
        assert_eq!(shown(&drifted.touched(&before, &after, &[])), ["table `b`"]);
        assert_eq!(shown(&drifted.touched(&before, &schema(""), &[])), ["table `b`", "view `v`"]);
    }

    #[test]
    fn an_index_that_somebody_has_added_stays_where_its_table_does() {
        let (before, index) = (schema(SNAPSHOT), "CREATE INDEX i ON b (a);");
        let more = SNAPSHOT.replace("a REFERENCES a", "a REFERENCES a, more TEXT");
        let by_hand = drift(&format!("{SNAPSHOT} {index}"));
        let touched = |script: &str| {
            let statements = crate::sql::split(script);
            shown(&by_hand.touched(&before, &schema(&more), &statements))
        };
        assert!(touched("ALTER TABLE b ADD COLUMN more TEXT; CREATE INDEX j ON b (more)").is_empty());
        assert_eq!(
            touched("CREATE TABLE n (a); DROP TABLE b; ALTER TABLE n RENAME TO b"),
            ["the indexes of table `b`"]
        );
        assert_eq!(touched("ALTER TABLE b RENAME TO c"), ["the indexes of table `b`"]);
        let after = |found: &str| Drift::of(&schema(found), &[], &schema(&more));
        assert_eq!(after(&format!("{more} {index}")), by_hand);
        assert_eq!(shown(&by_hand.lost(&after(&more))), ["the indexes of table `b`"]);
        assert_eq!(shown(&by_hand.lost(&after(&format!("{more} CREATE INDEX i ON b (more);")))).len(), 1);
        // one that is another than it should be is no addition
        let other = Drift::of(
            &schema(&format!("{SNAPSHOT} {index}")),
            &[],
            &schema(&format!("{SNAPSHOT} CREATE INDEX i ON b (id);")),
        );
        assert!(other.indexes.is_empty() && !other.is_empty());
    }

    #[test]
    fn a_name_that_somebody_has_taken_is_touched_whatever_it_is() {
        let before = schema(SNAPSHOT);
        let after = schema(&format!("{SNAPSHOT} CREATE TABLE notes (id);"));
        let drifted = drift(&format!("{SNAPSHOT} CREATE VIEW Notes AS SELECT 1;"));
        assert_eq!(shown(&drifted.touched(&before, &after, &[])), ["view `notes`"]);
    }

    #[test]
    fn a_child_is_touched_by_another_primary_key_of_its_parent() {
        let before = schema(SNAPSHOT);
        let after = schema(&SNAPSHOT.replace("a (id INTEGER PRIMARY KEY, x)", "a (id INTEGER, x PRIMARY KEY)"));
        let drifted = drift(&SNAPSHOT.replace("a REFERENCES a", "a REFERENCES a, y"));
        assert_eq!(shown(&drifted.touched(&before, &after, &[])), ["table `b`"]);
    }

    #[test]
    fn what_cannot_be_represented_is_touched_with_its_table() {
        let before = schema(SNAPSHOT);
        let after = schema(&SNAPSHOT.replace(", x)", ", x, y)"));
        let objects = [odd("index", "i", "A"), odd("table", "c", "c")];
        let drifted = Drift::of(&before, &objects, &before);
        assert!(!drifted.is_empty());
        assert_eq!(shown(&drifted.touched(&before, &after, &[])), ["index `i`"]);
        assert_eq!(
            shown(&drifted.touched(&before, &schema(&format!("{SNAPSHOT} CREATE TABLE C (x);")), &[])),
            ["table `c`"]
        );
        let now = Drift::of(&before, &objects[1..], &before);
        assert_eq!(shown(&drifted.lost(&now)), ["index `i`"]);
    }

    #[test]
    fn the_same_drift_before_and_after_is_equal_and_nothing_else_is() {
        let by_hand =
            format!("{SNAPSHOT} CREATE TABLE scratch (x); CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1; END;");
        let before = drift(&by_hand);
        let more = |script: &str| script.replace(", x)", ", x, y)");
        let after = |found: &str| Drift::of(&schema(found), &[], &schema(&more(SNAPSHOT)));
        assert_eq!(after(&more(&by_hand)), before);
        // what the migration does not do is new, and no loss
        assert_ne!(after(&by_hand), before);
        assert!(before.lost(&after(&by_hand)).is_empty());
        let lost = |found: &str| shown(&before.lost(&after(&more(found))));
        assert_eq!(lost(SNAPSHOT), ["table `scratch`", "trigger `t`"]);
        assert_eq!(lost(&by_hand.replace("scratch (x)", "scratch (x INT)")), ["table `scratch`"]);
    }

    #[test]
    fn a_table_that_is_altered_is_touched_even_if_it_is_the_same_afterwards() {
        let same = schema(SNAPSHOT);
        let drifted = drift(&SNAPSHOT.replace(", x)", ", x, y)"));
        let touched = |script: &str| shown(&drifted.touched(&same, &same, &crate::sql::split(script)));
        for script in [
            "ALTER TABLE a RENAME COLUMN x TO z",
            "alter table main.\"A\" add column z",
            "DROP TABLE a",
            "drop table if exists [a]",
            "CREATE TABLE n (id); DROP TABLE b; ALTER TABLE n RENAME TO a",
        ] {
            assert_eq!(touched(script), ["table `a`"], "{script}");
        }
        for script in [
            "ALTER TABLE b ADD COLUMN z REFERENCES a",
            "ALTER TABLE b RENAME COLUMN a TO z",
            "ALTER TABLE b RENAME COLUMN z TO a",
            "UPDATE a SET x = 1",
            "CREATE TABLE c (a REFERENCES a)",
        ] {
            assert!(touched(script).is_empty(), "{script}");
        }
    }
}
