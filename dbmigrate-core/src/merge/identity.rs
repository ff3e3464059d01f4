//! Which table and column is which on both sides, whether it stays, and what it is called in the end.

use std::collections::BTreeSet;

use super::Merging;
use super::answers::Side;
use super::branch::Branch;
use super::conflict::{Conflict, ConflictKind};
use crate::plan::Trace;
use crate::schema::Schema;
use crate::sql::Name;

/// A table or column: its name in the common schema, and on both sides.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) base: Option<Name>,
    pub(super) sides: [Option<Name>; 2],
    /// In the end; nothing if it is gone.
    pub(super) name: Option<Name>,
    /// Whether one side dropped it and it stays all the same.
    pub(super) is_restored: bool,
}

impl Identity {
    fn new(base: Option<Name>, sides: [Option<Name>; 2]) -> Self {
        Self { base, sides, name: None, is_restored: false }
    }

    pub(super) fn on(&self, side: Side) -> Option<&Name> {
        self.sides[side.at()].as_ref()
    }

    fn known(&self) -> impl Iterator<Item = &Name> {
        self.base.iter().chain(self.sides.iter().flatten())
    }

    /// The name that it is spoken of by.
    pub(super) fn spoken(&self) -> &Name {
        self.known().next().expect("something has a name somewhere")
    }

    /// The side that has it alone.
    pub(super) fn only_on(&self) -> Option<Side> {
        match &self.sides {
            [Some(_), None] => Some(Side::Ours),
            [None, Some(_)] => Some(Side::Theirs),
            _ => None,
        }
    }

    /// The side that renames it alone.
    fn renamed_by(&self) -> Option<Side> {
        let base = self.base.as_ref()?;
        match &self.sides {
            [Some(ours), Some(theirs)] if ours != base && theirs == base => Some(Side::Ours),
            [Some(ours), Some(theirs)] if ours == base && theirs != base => Some(Side::Theirs),
            _ => None,
        }
    }
}

/// A table with its columns.
#[derive(Debug, Clone)]
pub(super) struct TableIdentity {
    pub(super) table: Identity,
    pub(super) columns: Vec<Identity>,
}

impl TableIdentity {
    /// The paths that it goes by.
    pub(super) fn paths(&self) -> Vec<Vec<Name>> {
        self.table.known().map(|name| vec![name.clone()]).collect()
    }

    /// The paths that one of its columns goes by.
    pub(super) fn column_paths(&self, column: &Identity) -> Vec<Vec<Name>> {
        let tables = self.table.known();
        tables.flat_map(|table| column.known().map(|column| vec![table.clone(), column.clone()])).collect()
    }

    /// How one of its columns is spoken of.
    pub(super) fn column_path(&self, column: &Identity) -> [Name; 2] {
        [self.table.spoken().clone(), column.spoken().clone()]
    }
}

impl Merging<'_> {
    /// All tables, with what becomes of them.
    pub(super) fn identify(&mut self) -> Vec<TableIdentity> {
        let mut all: Vec<TableIdentity> = Vec::new();
        for base in table_names(self.common) {
            let sides = Side::BOTH.map(|side| self.branch(side).made.table(base).cloned());
            let identity = Identity::new(Some(base.clone()), sides);
            all.push(TableIdentity { table: identity, columns: Vec::new() });
        }
        self.add_new_tables(&mut all);
        for table in &mut all {
            table.columns = self.columns_of(&table.table);
            table.table.name = self.table_name(table);
            table.table.is_restored = table.table.base.is_some() && table.table.sides.iter().any(Option::is_none);
            if table.table.name.is_none() {
                continue;
            }
            for at in 0..table.columns.len() {
                let name = self.column_name(table, &table.columns[at]);
                let column = &mut table.columns[at];
                column.is_restored = !table.table.is_restored
                    && column.base.is_some()
                    && name.is_some()
                    && column.sides.iter().any(Option::is_none);
                column.name = name;
            }
        }
        self.part_tables(&mut all);
        for table in &mut all {
            self.part_columns(table);
        }
        all
    }

    fn add_new_tables(&self, all: &mut Vec<TableIdentity>) {
        let [ours, theirs] = Side::BOTH.map(|side| {
            let branch = self.branch(side);
            let new = table_names(branch.to()).filter(|name| branch.back.table(name).is_none());
            new.cloned().collect::<Vec<_>>()
        });
        for name in &ours {
            let same = theirs.iter().find(|one| *one == name && self.answers.name(&[(*name).clone()]).is_none());
            let identity = Identity::new(None, [Some(name.clone()), same.cloned()]);
            all.push(TableIdentity { table: identity, columns: Vec::new() });
        }
        let is_known =
            |name: &Name| all.iter().any(|one| one.table.base.is_none() && one.table.on(Side::Theirs) == Some(name));
        let left: Vec<Name> = theirs.into_iter().filter(|name| !is_known(name)).collect();
        for name in left {
            all.push(TableIdentity { table: Identity::new(None, [None, Some(name)]), columns: Vec::new() });
        }
    }

    fn columns_of(&self, table: &Identity) -> Vec<Identity> {
        let mut columns = Vec::new();
        let base = table.base.as_ref().and_then(|base| self.common.table(base));
        let on = Side::BOTH.map(|side| table.on(side).and_then(|name| self.branch(side).to().table(name)));
        for column in base.iter().flat_map(|base| base.columns.iter().map(move |column| (&base.name, &column.name))) {
            let (table, column) = column;
            let sides = Side::BOTH.map(|side| self.branch(side).made.column(table, column).map(|(_, now)| now.clone()));
            columns.push(Identity::new(Some(column.clone()), sides));
        }
        let [ours, theirs] = Side::BOTH.map(|side| {
            let table = on[side.at()];
            let columns = table.into_iter().flat_map(|table| table.columns.iter().map(|column| &column.name));
            let is_new =
                |name: &&Name| table.is_some_and(|table| self.branch(side).back.column(&table.name, name).is_none());
            columns.filter(is_new).cloned().collect::<Vec<_>>()
        });
        let table_name = table.on(Side::Ours).cloned();
        for name in &ours {
            let is_apart =
                table_name.as_ref().is_some_and(|table| self.answers.name(&[table.clone(), name.clone()]).is_some());
            let same = theirs.iter().find(|one| *one == name && !is_apart);
            columns.push(Identity::new(None, [Some(name.clone()), same.cloned()]));
        }
        let is_known = |name: &Name, columns: &[Identity]| {
            columns.iter().any(|one| one.base.is_none() && one.on(Side::Theirs) == Some(name))
        };
        for name in theirs {
            if !is_known(&name, &columns) {
                columns.push(Identity::new(None, [None, Some(name)]));
            }
        }
        columns
    }

    /// What a table is called in the end.
    fn table_name(&mut self, table: &TableIdentity) -> Option<Name> {
        let identity = &table.table;
        if let Some(name) = identity.on(Side::Ours).and_then(|ours| self.answers.name(std::slice::from_ref(ours))) {
            return Some(name.clone());
        }
        match (&identity.base, &identity.sides) {
            (_, [None, None]) => None,
            (None, [ours, theirs]) => ours.clone().or_else(|| theirs.clone()),
            (Some(base), [Some(ours), Some(theirs)]) => {
                Some(self.one_name(base, ours, theirs, &table.paths(), &[], "table"))
            }
            (Some(base), sides) => {
                let side = identity.only_on()?;
                let now = sides[side.at()].as_ref()?;
                let branch = self.branch(side);
                let changes = branch.changes_of_table(now);
                let uses: Vec<String> = branch.uses_of(now, None).into_iter().map(ToOwned::to_owned).collect();
                let stays = self.stays(side, changes, uses, "table", std::slice::from_ref(base), &table.paths());
                stays.then(|| now.clone())
            }
        }
    }

    /// What a column is called in the end.
    fn column_name(&mut self, table: &TableIdentity, column: &Identity) -> Option<Name> {
        if let (Some(on), Some(ours)) = (table.table.on(Side::Ours), column.on(Side::Ours))
            && let Some(name) = self.answers.name(&[on.clone(), ours.clone()])
        {
            return Some(name.clone());
        }
        // a table of one side has the columns of that side
        if let Some(side) = table.table.only_on() {
            return column.on(side).cloned();
        }
        match (&column.base, &column.sides) {
            (_, [None, None]) => None,
            (None, [ours, theirs]) => ours.clone().or_else(|| theirs.clone()),
            (Some(base), [Some(ours), Some(theirs)]) => {
                let paths = table.column_paths(column);
                Some(self.one_name(base, ours, theirs, &paths, std::slice::from_ref(table.table.spoken()), "column"))
            }
            (Some(_), sides) => {
                let side = column.only_on()?;
                let (on, now) = (table.table.on(side)?, sides[side.at()].as_ref()?);
                let branch = self.branch(side);
                let changes = branch.changes_of_column(on, now);
                let uses: Vec<String> = branch.uses_of(on, Some(now)).into_iter().map(ToOwned::to_owned).collect();
                let path = table.column_path(column);
                let stays = self.stays(side, changes, uses, "column", &path, &table.column_paths(column));
                stays.then(|| now.clone())
            }
        }
    }

    /// Whether what the other side drops stays.
    fn stays(
        &mut self,
        side: Side,
        changes: Vec<String>,
        uses: Vec<String>,
        noun: &'static str,
        object: &[Name],
        paths: &[Vec<Name>],
    ) -> bool {
        if changes.is_empty() && uses.is_empty() {
            return false;
        }
        if let Some(answer) = self.answers.side(paths) {
            return answer == side;
        }
        let kind = if changes.is_empty() { ConflictKind::NeedsDropped } else { ConflictKind::ChangedAndDropped };
        let does = if changes.is_empty() { uses } else { changes }.join(", ");
        let drops = format!("drops {noun} `{}`", crate::sql::path::path(object));
        let what = if side == Side::Ours { [does, drops] } else { [drops, does] };
        let keep = if side == Side::Ours { "to have it again, without the values that it had" } else { "to keep it" };
        let conflict = Conflict::new(kind, noun, object, what);
        let drop = if noun == "table" { "to drop it, and what needs it" } else { "to drop it, with what needs it" };
        self.conflicts.push(conflict.or_take(side, keep).or_take(side.other(), drop));
        true
    }

    /// The name of what both have.
    fn one_name(
        &mut self,
        base: &Name,
        ours: &Name,
        theirs: &Name,
        paths: &[Vec<Name>],
        table: &[Name],
        noun: &'static str,
    ) -> Name {
        if ours == theirs {
            // a spelling that one of them changed
            return if theirs.same_spelling(base) { ours.clone() } else { theirs.clone() };
        }
        if ours == base {
            return theirs.clone();
        }
        if theirs == base {
            return ours.clone();
        }
        match self.answers.side(paths) {
            Some(Side::Ours) => ours.clone(),
            Some(Side::Theirs) => theirs.clone(),
            None => {
                let object: Vec<Name> = table.iter().chain([base]).cloned().collect();
                let renames = |to: &Name| format!("renames {noun} `{}` to `{to}`", crate::sql::path::path(&object));
                let conflict =
                    Conflict::new(ConflictKind::RenamedDifferently, noun, &object, [renames(ours), renames(theirs)]);
                let called = |name: &Name| format!("to call it `{name}`");
                self.conflicts.push(conflict.or_take(Side::Ours, called(ours)).or_take(Side::Theirs, called(theirs)));
                self.unnamed.insert(ours.clone());
                ours.clone()
            }
        }
    }

    /// Different tables do not end with the same name.
    fn part_tables(&mut self, all: &mut [TableIdentity]) {
        let shared = loop {
            let shared = shared_names(all.iter().map(|one| one.table.name.as_ref()));
            let undone = all.iter_mut().any(|one| {
                let is_shared = one.table.name.as_ref().is_some_and(|name| shared.contains(name));
                let paths = one.paths();
                is_shared && undo_rename(&mut one.table, &paths, self.answers)
            });
            if !undone {
                break shared;
            }
        };
        for name in shared {
            let sharing: Vec<&TableIdentity> =
                all.iter().filter(|one| one.table.name.as_ref() == Some(&name)).collect();
            let what = Side::BOTH.map(|side| {
                let said = sharing.iter().filter_map(|one| how_table_came(side, &one.table, &name));
                said.collect::<Vec<_>>().join(", ")
            });
            let mut conflict = Conflict::new(ConflictKind::SameName, "table", std::slice::from_ref(&name), what);
            let ours = sharing.iter().filter(|one| one.table.renamed_by() != Some(Side::Theirs));
            if let Some(ours) = ours.filter_map(|one| one.table.on(Side::Ours)).find(|ours| **ours == name) {
                conflict = conflict.or_rename(std::slice::from_ref(ours));
            }
            for one in &sharing {
                if let Some(side) = one.table.renamed_by() {
                    let base = one.table.spoken().clone();
                    conflict = conflict.or_undo_rename(side, std::slice::from_ref(&base), &base);
                }
            }
            self.conflicts.push(conflict);
            forget_others(all.iter_mut().map(|one| &mut one.table), &name);
            self.unnamed.insert(name);
        }
    }

    /// Nor different columns of a table.
    fn part_columns(&mut self, table: &mut TableIdentity) {
        let paths: Vec<Vec<Vec<Name>>> = table.columns.iter().map(|column| table.column_paths(column)).collect();
        let shared = loop {
            let shared = shared_names(table.columns.iter().map(|one| one.name.as_ref()));
            let undone = table.columns.iter_mut().zip(&paths).any(|(one, paths)| {
                let is_shared = one.name.as_ref().is_some_and(|name| shared.contains(name));
                is_shared && undo_rename(one, paths, self.answers)
            });
            if !undone {
                break shared;
            }
        };
        let Some(owner) = table.table.name.clone().filter(|_| !shared.is_empty()) else { return };
        for name in shared {
            let sharing: Vec<&Identity> = table.columns.iter().filter(|one| one.name.as_ref() == Some(&name)).collect();
            let what = Side::BOTH.map(|side| {
                let on = table.table.on(side).unwrap_or(&owner);
                let said = sharing.iter().filter_map(|one| match (one.on(side)?, &one.base) {
                    (here, None) => Some(format!("adds column `{on}.{here}`")),
                    (here, Some(base)) if base != here => Some(format!("renames column `{on}.{base}` to `{here}`")),
                    _ => None,
                });
                said.collect::<Vec<_>>().join(", ")
            });
            let spoken = table.table.spoken().clone();
            let object = [spoken.clone(), name.clone()];
            let mut conflict = Conflict::new(ConflictKind::SameName, "column", &object, what);
            let ours = sharing.iter().filter(|one| one.renamed_by() != Some(Side::Theirs));
            if let (Some(on), Some(ours)) =
                (table.table.on(Side::Ours), ours.filter_map(|one| one.on(Side::Ours)).find(|ours| **ours == name))
            {
                conflict = conflict.or_rename(&[on.clone(), ours.clone()]);
            }
            for one in &sharing {
                if let Some(side) = one.renamed_by() {
                    let base = one.spoken().clone();
                    conflict = conflict.or_undo_rename(side, &[spoken.clone(), base.clone()], &base);
                }
            }
            self.conflicts.push(conflict);
            forget_others(table.columns.iter_mut(), &name);
            self.unnamed.insert(owner.clone());
        }
    }
}

/// What a side does that leads to a table of this name.
fn how_table_came(side: Side, table: &Identity, name: &Name) -> Option<String> {
    let here = table.on(side)?;
    match &table.base {
        None => Some(format!("creates table `{here}`")),
        Some(base) if base != here => Some(format!("renames table `{base}` to `{here}`")),
        Some(_) if table.on(side.other()).is_some_and(|there| there == name) && here != name => None,
        Some(base) => Some(format!("keeps table `{base}`")),
    }
}

/// Leaves a name to the first that has it, so that it is one name for what comes next.
fn forget_others<'i>(all: impl Iterator<Item = &'i mut Identity>, name: &Name) {
    for other in all.filter(|one| one.name.as_ref() == Some(name)).skip(1) {
        other.name = None;
    }
}

/// Gives what one side renames the name that it has on the other, where that is the answer.
fn undo_rename(identity: &mut Identity, paths: &[Vec<Name>], answers: &super::Answers) -> bool {
    let Some(side) = identity.renamed_by() else { return false };
    let stays = identity.on(side.other()).cloned();
    if identity.name == stays || answers.exact_side(paths) != Some(side.other()) {
        return false;
    }
    identity.name = stays;
    true
}

fn shared_names<'n>(names: impl Iterator<Item = Option<&'n Name>>) -> BTreeSet<Name> {
    let mut seen = BTreeSet::new();
    names.flatten().filter(|name| !seen.insert((*name).clone())).cloned().collect()
}

/// Tables of all kinds.
fn table_names(schema: &Schema) -> impl Iterator<Item = &Name> {
    schema.tables.iter().map(|table| &table.name).chain(schema.virtual_tables.iter().map(|table| &table.name))
}

/// What becomes of the names of the common schema, of ours and of theirs.
pub(super) fn traces(all: &[TableIdentity]) -> [Trace; 3] {
    let trace = |of: &dyn Fn(&Identity) -> Option<Name>| {
        let mut trace = Trace::default();
        for one in all {
            let (Some(was), Some(now)) = (of(&one.table), one.table.name.clone()) else { continue };
            for column in &one.columns {
                if let (Some(was_column), Some(now_column)) = (of(column), column.name.clone()) {
                    trace.columns.insert((was.clone(), was_column), (now.clone(), now_column));
                }
            }
            trace.tables.insert(was, now);
        }
        trace
    };
    let on = |side: Side| move |identity: &Identity| identity.on(side).cloned();
    [trace(&|identity| identity.base.clone()), trace(&on(Side::Ours)), trace(&on(Side::Theirs))]
}

impl Merging<'_> {
    pub(super) fn branch(&self, side: Side) -> &Branch<'_> {
        &self.branches[side.at()]
    }
}
