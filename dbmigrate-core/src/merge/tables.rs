//! A table of both sides, part by part: columns, keys, constraints, options and indexes.

use std::collections::BTreeSet;

use super::Merging;
use super::answers::Side;
use super::branch::{columns_in, definition};
use super::conflict::{Conflict, ConflictKind};
use super::identity::{Identity, TableIdentity};
use crate::ddl::render;
use crate::schema::canonical::{
    canonical_check, canonical_column, canonical_default, canonical_index, canonical_primary_key, canonical_unique,
};
use crate::schema::{Check, Column, ForeignKey, Index, NamedMap, Schema, Table, Unique};
use crate::sql::Name;

/// The common schema, ours and theirs, with the names of the end and without what needs something that is gone.
pub(super) type Finals = [Schema; 3];

/// Which of three is wanted: that of a side, or nothing if both changed it.
pub(super) fn pick<T: PartialEq + ?Sized>(base: &T, ours: &T, theirs: &T) -> Option<Side> {
    match () {
        () if ours == theirs || base == ours => Some(Side::Theirs),
        () if base == theirs => Some(Side::Ours),
        () => None,
    }
}

/// A kind of constraint: how one is written, told from others, and recognized on another side.
struct Kind<'k, T> {
    noun: &'static str,
    /// Equal for those that are versions of one.
    slot: &'k dyn Fn(&T) -> String,
    canonical: [&'k dyn Fn(&T) -> String; 3],
    sql: &'k dyn Fn(&T) -> String,
    /// Whether two that both sides add can be together.
    is_additive: bool,
    /// Whether it goes with a column that was dropped and stays all the same.
    is_restored: &'k dyn Fn(&T) -> bool,
}

impl Merging<'_> {
    /// A table of both.
    pub(super) fn table(&mut self, identity: &TableIdentity, finals: &Finals, name: &Name) -> Option<Table> {
        let [base, ours, theirs] = finals.each_ref().map(|schema| schema.table(name));
        let (ours, theirs) = (ours?, theirs?);
        let path = [identity.table.spoken().clone()];
        let Some(base) = base.filter(|_| identity.table.base.is_some()) else {
            return Some(self.new_table(identity, finals, ours, theirs));
        };
        let restored: BTreeSet<Name> =
            identity.columns.iter().filter(|one| one.is_restored).filter_map(|one| one.name.clone()).collect();
        let three = [base, ours, theirs];
        let mut merged = theirs.clone();
        merged.columns = self.columns(identity, base, ours, theirs);
        let key = |table: &Table| table.primary_key.as_ref().map(canonical_primary_key);
        let side = if let Some(side) = pick(&key(base), &key(ours), &key(theirs)) {
            side
        } else {
            let said = |table: &Table| match &table.primary_key {
                Some(key) => format!("makes it `{}`", render::primary_key(key)),
                None => "drops it".to_owned(),
            };
            let conflict = Conflict::new(ConflictKind::PrimaryKeys, "table", &path, [said(ours), said(theirs)]);
            self.ask(conflict.or_either(), &identity.paths())
        };
        merged.primary_key.clone_from(&three[side.at() + 1].primary_key);
        let shape = merged.clone();
        let is_restored = |columns: Vec<Name>| columns.iter().any(|column| restored.contains(column));
        merged.uniques = self.constraints(
            identity,
            three.map(|table| &table.uniques[..]),
            &Kind {
                noun: "a UNIQUE constraint of",
                slot: &|unique: &Unique| slot(unique.parts.iter().map(|part| &part.column)),
                canonical: [&canonical_unique; 3],
                sql: &render::unique,
                is_additive: false,
                is_restored: &|unique| is_restored(unique.parts.iter().map(|part| part.column.clone()).collect()),
            },
        );
        merged.checks = self.constraints(
            identity,
            three.map(|table| &table.checks[..]),
            &Kind {
                noun: "a check of",
                slot: &|check: &Check| match &check.name {
                    Some(name) => format!("named {}", name.folded()),
                    None => slot(
                        check.expr.names().iter().filter(|name| three.iter().any(|table| table.column(name).is_some())),
                    ),
                },
                canonical: [&|one| canonical_check(three[0], one), &|one| canonical_check(three[1], one), &|one| {
                    canonical_check(three[2], one)
                }],
                sql: &render::check,
                is_additive: true,
                is_restored: &|check| is_restored(columns_in(&shape, |name| check.expr.mentions(name))),
            },
        );
        let canonical: [&dyn Fn(&ForeignKey) -> String; 3] =
            [&|key| finals[0].canonical_foreign_key(key), &|key| finals[1].canonical_foreign_key(key), &|key| {
                finals[2].canonical_foreign_key(key)
            }];
        let restored_tables = self.restored_tables.clone();
        merged.foreign_keys = self.constraints(
            identity,
            three.map(|table| &table.foreign_keys[..]),
            &Kind {
                noun: "a foreign key of",
                slot: &|key: &ForeignKey| slot(key.columns.iter()),
                canonical,
                sql: &render::foreign_key,
                is_additive: false,
                is_restored: &|key| restored_tables.contains(&key.parent) || is_restored(key.columns.clone()),
            },
        );
        let option = |of: fn(&Table) -> bool| {
            pick(&of(base), &of(ours), &of(theirs)).map_or(of(theirs), |side| of(three[side.at() + 1]))
        };
        merged.strict = option(|table| table.strict);
        merged.without_rowid = option(|table| table.without_rowid);
        merged.random_rowid = option(|table| table.random_rowid);
        merged.indexes = self.indexes(identity, three, &restored);
        Some(merged)
    }

    /// A table that both made.
    fn new_table(&mut self, identity: &TableIdentity, finals: &Finals, ours: &Table, theirs: &Table) -> Table {
        if finals[1].canonical_table(ours) == finals[2].canonical_table(theirs) {
            return theirs.clone();
        }
        let said =
            |table: &Table| format!("creates it: `{}`", crate::sql::Expr::new(render::create_table(table)).said());
        let path = [identity.table.spoken().clone()];
        let conflict = Conflict::new(ConflictKind::AddedDifferently, "table", &path, [said(ours), said(theirs)]);
        match self.ask(conflict.or_either().or_rename(&path), &identity.paths()) {
            Side::Ours => ours.clone(),
            Side::Theirs => theirs.clone(),
        }
    }

    /// The columns in the order of theirs, unless only ours has changed it, each new one behind the one that it stood
    /// behind.
    fn columns(&mut self, identity: &TableIdentity, base: &Table, ours: &Table, theirs: &Table) -> Vec<Column> {
        let mut merged: Vec<Column> = Vec::new();
        for column in &identity.columns {
            merged.extend(self.column(identity, column, [base, ours, theirs]));
        }
        let common: Vec<&Name> = base
            .columns
            .iter()
            .map(|column| &column.name)
            .filter(|name| ours.column(name).is_some() && theirs.column(name).is_some())
            .collect();
        let order = |table: &Table| -> Vec<Name> {
            let names = table.columns.iter().map(|column| &column.name);
            names.filter(|name| common.contains(name)).cloned().collect()
        };
        let (first, second) = match pick(&order(base), &order(ours), &order(theirs)) {
            Some(Side::Ours) => (ours, theirs),
            _ => (theirs, ours),
        };
        let mut names: Vec<&Name> = first.columns.iter().map(|column| &column.name).collect();
        for (at, column) in second.columns.iter().enumerate() {
            if names.contains(&&column.name) {
                continue;
            }
            let before =
                second.columns[..at].iter().rev().find_map(|one| names.iter().position(|name| **name == one.name));
            // behind those of the other side that stand there already
            let start = before.map_or(0, |at| at + 1);
            let skipped = names[start..].iter().take_while(|name| second.column(name).is_none()).count();
            names.insert(start + skipped, &column.name);
        }
        let place = |column: &Column| names.iter().position(|name| **name == column.name).unwrap_or(names.len());
        merged.sort_by_key(place);
        merged
    }

    fn column(
        &mut self,
        table: &TableIdentity,
        identity: &Identity,
        [base, ours, theirs]: [&Table; 3],
    ) -> Option<Column> {
        let name = identity.name.as_ref()?;
        let both = [ours, theirs];
        if let Some(side) = identity.only_on() {
            return both[side.at()].column(name).cloned();
        }
        let columns = both.map(|table| table.column(name));
        let ([Some(our), Some(their)], was) = (columns, base.column(name)) else {
            // what it is computed from is gone
            return None;
        };
        let take = |side: Side| [our, their][side.at()].clone();
        let path = table.column_path(identity);
        let Some(was) = was.filter(|_| identity.base.is_some()) else {
            if canonical_column(ours, our) == canonical_column(theirs, their) {
                return Some(their.clone());
            }
            let said = |table: &Table| format!("adds it as `{}`", definition(table, name));
            let conflict =
                Conflict::new(ConflictKind::AddedDifferently, "column", &path, [said(ours), said(theirs)]).or_either();
            let here = [table.table.on(Side::Ours)?.clone(), identity.on(Side::Ours)?.clone()];
            return Some(take(self.ask(conflict.or_rename(&here), &table.column_paths(identity))));
        };
        let texts = [canonical_column(base, was), canonical_column(ours, our), canonical_column(theirs, their)];
        if let Some(side) = pick(&texts[0], &texts[1], &texts[2]) {
            // what only ours changed contradicts no schema of theirs, and may contradict their rows
            let is_left =
                side == Side::Ours && self.answers.exact_side(&table.column_paths(identity)) == Some(Side::Theirs);
            return Some(take(if is_left { Side::Theirs } else { side }));
        }
        let mut merged = their.clone();
        let mut is_clash = false;
        let mut choose = |side: Option<Side>| {
            is_clash |= side.is_none();
            side == Some(Side::Ours)
        };
        if choose(pick(&was.decl_type, &our.decl_type, &their.decl_type)) {
            merged.decl_type = our.decl_type.clone();
        }
        let nullability = |column: &Column| (column.not_null, column.not_null_name.clone(), column.not_null_conflict);
        if choose(pick(&nullability(was), &nullability(our), &nullability(their))) {
            (merged.not_null, merged.not_null_name, merged.not_null_conflict) = nullability(our);
        }
        let default = |column: &Column| column.effective_default().map(canonical_default);
        if choose(pick(&default(was), &default(our), &default(their))) {
            merged.default.clone_from(&our.default);
        }
        let collation = |column: &Column| column.collate.clone().filter(|collate| *collate != *"binary");
        if choose(pick(&collation(was), &collation(our), &collation(their))) {
            merged.collate.clone_from(&our.collate);
        }
        if choose(pick(&was.generated, &our.generated, &their.generated)) {
            merged.generated.clone_from(&our.generated);
        }
        if !is_clash {
            if merged.effective_default().is_none() {
                // a generated column takes no default, not even NULL
                merged.default = None;
            }
            return Some(merged);
        }
        let said =
            |table: &Table| format!("changes it from `{}` to `{}`", definition(base, name), definition(table, name));
        let conflict = Conflict::new(ConflictKind::ChangedDifferently, "column", &path, [said(ours), said(theirs)]);
        Some(take(self.ask(conflict.or_either(), &table.column_paths(identity))))
    }

    fn constraints<T: Clone>(&mut self, identity: &TableIdentity, three: [&[T]; 3], kind: &Kind<'_, T>) -> Vec<T> {
        let mut slots: Vec<String> = Vec::new();
        // those of theirs first, since the table is theirs when it is changed
        for one in three.iter().rev().flat_map(|all| all.iter()) {
            let slot = (kind.slot)(one);
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        let mut merged = Vec::new();
        for slot in slots {
            let of = |at: usize| -> Vec<(String, &T)> {
                let wanted = three[at].iter().filter(|one| (kind.slot)(one) == slot);
                let mut found: Vec<(String, &T)> = wanted.map(|one| ((kind.canonical[at])(one), one)).collect();
                found.sort_by(|one, two| one.0.cmp(&two.0));
                found
            };
            let [base, ours, theirs] = [of(0), of(1), of(2)];
            let texts = |all: &[(String, &T)]| all.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
            let [base_texts, our_texts, their_texts] = [texts(&base), texts(&ours), texts(&theirs)];
            let both = [&ours, &theirs];
            let side = if let Some(side) = pick(&base_texts, &our_texts, &their_texts) {
                let other = both[side.other().at()];
                let goes_with_restored =
                    both[side.at()].is_empty() && other.iter().any(|(_, one)| (kind.is_restored)(one));
                if goes_with_restored { side.other() } else { side }
            } else {
                let keeps_all = |texts: &[String]| base_texts.iter().all(|text| texts.contains(text));
                if kind.is_additive && keeps_all(&our_texts) && keeps_all(&their_texts) && !slot.starts_with("named") {
                    merged.extend(theirs.iter().map(|(_, one)| (*one).clone()));
                    let more = ours.iter().filter(|(text, _)| !their_texts.contains(text));
                    merged.extend(more.map(|(_, one)| (*one).clone()));
                    continue;
                }
                let said = |now: &[(String, &T)]| said_of(&base, now, kind.sql);
                let what = [said(&ours), said(&theirs)];
                let conflict_kind = match () {
                    () if base.is_empty() => ConflictKind::AddedDifferently,
                    () if ours.is_empty() || theirs.is_empty() => ConflictKind::ChangedAndDropped,
                    () => ConflictKind::ChangedDifferently,
                };
                let path = [identity.table.spoken().clone()];
                let conflict = Conflict::new(conflict_kind, kind.noun, &path, what).or_either();
                self.ask(conflict, &identity.paths())
            };
            merged.extend(both[side.at()].iter().map(|(_, one)| (*one).clone()));
        }
        merged
    }

    fn indexes(&mut self, identity: &TableIdentity, three: [&Table; 3], restored: &BTreeSet<Name>) -> NamedMap<Index> {
        let mut merged = NamedMap::default();
        let names: BTreeSet<&Name> =
            three.iter().flat_map(|table| table.indexes.iter()).map(|index| &index.name).collect();
        for name in names {
            let [base, ours, theirs] = three.map(|table| table.indexes.get(name));
            let [before, our, their] =
                three.map(|table| table.indexes.get(name).map(|one| canonical_index(table, one)));
            let both = [ours, theirs];
            let side = if let Some(side) = pick(&before, &our, &their) {
                let goes_with_restored = |index: &Index| restored.iter().any(|column| index.mentions(column));
                let other = both[side.other().at()];
                if both[side.at()].is_none() && other.is_some_and(goes_with_restored) { side.other() } else { side }
            } else {
                let table = &three[2].name;
                let sql = |index: &Index| render::create_index(table, index);
                let said = |index: Option<&Index>| match (base, index) {
                    (None, Some(index)) => format!("adds it as `{}`", sql(index)),
                    (Some(was), Some(index)) => format!("changes it from `{}` to `{}`", sql(was), sql(index)),
                    (_, None) => "drops it".to_owned(),
                };
                let kind = match (base, ours, theirs) {
                    (None, ..) => ConflictKind::AddedDifferently,
                    (_, Some(_), Some(_)) => ConflictKind::ChangedDifferently,
                    _ => ConflictKind::ChangedAndDropped,
                };
                let path = [name.clone()];
                let mut conflict = Conflict::new(kind, "index", &path, [said(ours), said(theirs)]).or_either();
                if base.is_none() {
                    conflict = conflict.or_rename(&path);
                }
                let mut paths = identity.paths();
                paths.push(path.to_vec());
                self.ask(conflict, &paths)
            };
            merged = merged.into_iter().chain(both[side.at()].cloned()).collect();
        }
        merged
    }

    /// The side that was answered, else the question is kept, and any side will do.
    pub(super) fn ask(&mut self, conflict: Conflict, paths: &[Vec<Name>]) -> Side {
        self.answers.side(paths).unwrap_or_else(|| {
            self.conflicts.push(conflict);
            Side::Theirs
        })
    }
}

/// What became of the constraints of a slot.
fn said_of<T>(was: &[(String, &T)], now: &[(String, &T)], sql: &dyn Fn(&T) -> String) -> String {
    let list =
        |all: Vec<&(String, &T)>| all.iter().map(|(_, one)| format!("`{}`", sql(one))).collect::<Vec<_>>().join(", ");
    let gone = was.iter().filter(|(text, _)| !now.iter().any(|(other, _)| other == text)).collect::<Vec<_>>();
    let new = now.iter().filter(|(text, _)| !was.iter().any(|(other, _)| other == text)).collect::<Vec<_>>();
    match (gone.is_empty(), new.is_empty()) {
        (true, true) => "leaves it as it is".to_owned(),
        (true, false) => format!("adds {}", list(new)),
        (false, true) => format!("drops {}", list(gone)),
        (false, false) => format!("changes {} to {}", list(gone), list(new)),
    }
}

fn slot<'n>(columns: impl Iterator<Item = &'n Name>) -> String {
    let mut names: Vec<String> = columns.map(Name::folded).collect();
    names.sort_unstable();
    names.dedup();
    format!("{names:?}")
}
