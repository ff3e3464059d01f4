//! A schema without one of the migrations that made it: what that one changed is taken back, what came later stays.
//! Three schemas are compared object by object, and columns and constraints one by one: before the migration, behind
//! it, and in the end.

use super::trace::Trace;
use crate::schema::canonical::{
    canonical_check, canonical_column, canonical_index, canonical_primary_key, canonical_trigger, canonical_unique,
    canonical_view, canonical_virtual_table,
};
use crate::schema::{Check, Column, ForeignKey, Named, NamedMap, Schema, Table, Unique};
use crate::sql::Name;

/// The three schemas, and what became of names between them.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Before the migration.
    pub before: &'a Schema,
    /// Behind it.
    pub behind: &'a Schema,
    /// In the end.
    pub head: &'a Schema,
    /// What the migration made of the names before it.
    pub made: &'a Trace,
    /// What later ones made of those behind it.
    pub since: &'a Trace,
}

/// What the migration changed and a later one has changed again, or needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What it is, in words.
    pub what: String,
    /// The object, as it was called behind the migration or, if it is of later, in the end.
    pub object: Name,
    /// The column of it.
    pub column: Option<Name>,
}

/// The schema without the migration, and what its objects in `head` are called in it.
///
/// # Errors
/// Everything that was changed again since.
pub fn without(history: &History<'_>) -> Result<(Schema, Trace), Vec<Conflict>> {
    let mut merging = Merging { history, conflicts: Vec::new() };
    let schema = merging.merge();
    let trace = merging.rename(&schema);
    if !merging.conflicts.is_empty() {
        return Err(merging.conflicts);
    }
    let mut renamed = trace.renames().apply(&schema);
    renamed.docs.clear();
    Ok((renamed, trace))
}

/// Which of the three is wanted: nothing, if it was changed twice.
fn pick<'t, T: PartialEq + ?Sized>(before: &'t T, behind: &'t T, head: &'t T) -> Option<Pick> {
    match () {
        () if before == behind || head == before => Some(Pick::Head),
        () if head == behind => Some(Pick::Before),
        () => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pick {
    Before,
    Head,
}

struct Merging<'a> {
    history: &'a History<'a>,
    conflicts: Vec<Conflict>,
}

impl Merging<'_> {
    fn conflict(&mut self, what: String, object: &Name, column: Option<&Name>) {
        let conflict = Conflict { what, object: object.clone(), column: column.cloned() };
        if !self.conflicts.contains(&conflict) {
            self.conflicts.push(conflict);
        }
    }

    /// The schema without the migration, with the names of the end.
    fn merge(&mut self) -> Schema {
        let History { before, behind, head, made, since } = *self.history;
        let since_renames = since.renames();
        let before_now = made.then(since).renames().apply(before);
        let behind_now = since_renames.apply(behind);
        let mut merged = head.clone();
        let origin = (made.inverse(), since.inverse());
        for table in &head.tables {
            let Some(was) = origin.1.table(&table.name) else { continue };
            if origin.0.table(was).is_some() || behind.table(was).is_none() {
                continue;
            }
            // made by the migration
            let is_same = behind_now
                .table(&table.name)
                .is_some_and(|one| behind_now.canonical_table(one) == head.canonical_table(table));
            if !is_same {
                self.conflict(format!("table `{}`", table.name), was, None);
            }
            merged.tables.remove(&table.name);
        }
        for table in &before.tables {
            let Some(is) = made.table(&table.name) else {
                // dropped by the migration
                let Some(back) = before_now.table(&table.name) else {
                    self.conflict(format!("table `{}`", table.name), &table.name, None);
                    continue;
                };
                if merged.object_names().any(|name| *name == back.name) {
                    self.conflict(format!("the name `{}`", back.name), &back.name, None);
                }
                merged.tables.insert(back.clone());
                continue;
            };
            let Some(now) = since.table(is) else { continue };
            let three = (before_now.table(now), behind_now.table(now), head.table(now));
            if let (Some(before), Some(behind), Some(head)) = three {
                let schemas = (&before_now, &behind_now, self.history.head);
                let table = self.table(schemas, before, behind, head, is);
                merged.tables.insert(table);
            }
        }
        let kinds = "virtual table";
        merged.virtual_tables = self.objects(
            kinds,
            [&before_now, &behind_now, head].map(|one| &one.virtual_tables),
            canonical_virtual_table,
        );
        merged.views = self.objects("view", [&before_now, &behind_now, head].map(|one| &one.views), canonical_view);
        merged.triggers =
            self.objects("trigger", [&before_now, &behind_now, head].map(|one| &one.triggers), canonical_trigger);
        merged
    }

    /// Objects that are replaced as a whole.
    fn objects<T: Named + Clone>(
        &mut self,
        kind: &str,
        [before, behind, head]: [&NamedMap<T>; 3],
        canonical: impl Fn(&T) -> String,
    ) -> NamedMap<T> {
        let mut merged = head.clone();
        let names = before.iter().chain(behind).map(Named::name);
        for name in names {
            let of = |map: &NamedMap<T>| map.get(name).map(&canonical);
            match pick(&of(before), &of(behind), &of(head)) {
                Some(Pick::Head) => {}
                Some(Pick::Before) => match before.get(name) {
                    Some(object) => drop(merged.insert(object.clone())),
                    None => drop(merged.remove(name)),
                },
                None => self.conflict(format!("{kind} `{name}`"), name, None),
            }
        }
        merged
    }

    /// A table, by parts. `is` is its name behind the migration.
    fn table(
        &mut self,
        (before_schema, behind_schema, head_schema): (&Schema, &Schema, &Schema),
        before: &Table,
        behind: &Table,
        head: &Table,
        is: &Name,
    ) -> Table {
        let mut merged = head.clone();
        let name = head.name.clone();
        merged.columns = self.columns(before, behind, head, is);
        let key = |table: &Table| table.primary_key.as_ref().map(canonical_primary_key);
        match pick(&key(before), &key(behind), &key(head)) {
            Some(Pick::Before) => merged.primary_key.clone_from(&before.primary_key),
            Some(Pick::Head) => {}
            None => self.conflict(format!("the primary key of `{name}`"), is, None),
        }
        let three = [before, behind, head];
        let unique: &dyn Fn(&Unique) -> String = &canonical_unique;
        let check: [&dyn Fn(&Check) -> String; 3] =
            [&|check| canonical_check(before, check), &|check| canonical_check(behind, check), &|check| {
                canonical_check(head, check)
            }];
        let keys: [&dyn Fn(&ForeignKey) -> String; 3] = [
            &|key| before_schema.canonical_foreign_key(key),
            &|key| behind_schema.canonical_foreign_key(key),
            &|key| head_schema.canonical_foreign_key(key),
        ];
        let uniques =
            self.constraints("a UNIQUE constraint", is, &name, three.map(|table| &table.uniques[..]), [unique; 3]);
        let checks = self.constraints("a check", is, &name, three.map(|table| &table.checks[..]), check);
        let foreign_keys =
            self.constraints("a foreign key", is, &name, three.map(|table| &table.foreign_keys[..]), keys);
        merged.uniques = uniques.unwrap_or(merged.uniques);
        merged.checks = checks.unwrap_or(merged.checks);
        merged.foreign_keys = foreign_keys.unwrap_or(merged.foreign_keys);
        let option = |of: fn(&Table) -> bool| match pick(&of(before), &of(behind), &of(head)) {
            Some(Pick::Before) => of(before),
            _ => of(head),
        };
        merged.strict = option(|table| table.strict);
        merged.without_rowid = option(|table| table.without_rowid);
        merged.random_rowid = option(|table| table.random_rowid);
        for index in before.indexes.iter().chain(&behind.indexes).map(|index| &index.name) {
            let of = |table: &Table| table.indexes.get(index).map(|one| canonical_index(table, one));
            match pick(&of(before), &of(behind), &of(head)) {
                Some(Pick::Head) => {}
                Some(Pick::Before) => match before.indexes.get(index) {
                    Some(index) => drop(merged.indexes.insert(index.clone())),
                    None => drop(merged.indexes.remove(index)),
                },
                None => self.conflict(format!("index `{index}`"), is, None),
            }
        }
        merged
    }

    fn columns(&mut self, before: &Table, behind: &Table, head: &Table, is: &Name) -> Vec<Column> {
        let of = |table: &Table, name: &Name| table.column(name).map(|column| canonical_column(table, column));
        let mut columns = head.columns.clone();
        let names = before.columns.iter().chain(&behind.columns).map(|column| &column.name);
        for name in names {
            match pick(&of(before, name), &of(behind, name), &of(head, name)) {
                Some(Pick::Head) => continue,
                Some(Pick::Before) => {}
                None => {
                    self.conflict(format!("column `{}.{name}`", head.name), is, Some(name));
                    continue;
                }
            }
            let at = columns.iter().position(|column| column.name == *name);
            match (before.column(name), at) {
                (Some(column), Some(at)) => columns[at] = column.clone(),
                (None, Some(at)) => drop(columns.remove(at)),
                (Some(column), None) => {
                    // behind the one that it stood behind
                    let before_it = before.columns.iter().take_while(|one| one.name != *name);
                    let after = before_it.filter_map(|one| columns.iter().position(|two| two.name == one.name)).last();
                    columns.insert(after.map_or(0, |at| at + 1), column.clone());
                }
                (None, None) => {}
            }
        }
        columns
    }

    /// Constraints of a kind: without those that the migration added, with those that it removed.
    fn constraints<T: Clone>(
        &mut self,
        what: &str,
        is: &Name,
        name: &Name,
        [before, behind, head]: [&[T]; 3],
        canonical: [&dyn Fn(&T) -> String; 3],
    ) -> Option<Vec<T>> {
        let [before_texts, behind_texts, head_texts]: [Vec<String>; 3] =
            std::array::from_fn(|at| [before, behind, head][at].iter().map(canonical[at]).collect());
        let removed: Vec<usize> = (0..before.len()).filter(|at| !behind_texts.contains(&before_texts[*at])).collect();
        let added: Vec<&String> = behind_texts.iter().filter(|text| !before_texts.contains(text)).collect();
        if removed.is_empty() && added.is_empty() {
            return None;
        }
        if !removed.is_empty() && added.iter().any(|text| !head_texts.contains(text)) {
            self.conflict(format!("{what} of `{name}`"), is, None);
        }
        let kept = head.iter().zip(&head_texts).filter(|(_, text)| !added.contains(text)).map(|(one, _)| one.clone());
        let back = removed.iter().filter(|at| !head_texts.contains(&before_texts[**at])).map(|at| before[*at].clone());
        Some(kept.chain(back).collect())
    }

    /// The names that the migration has changed, changed back: what the objects of the merged schema are called then.
    fn rename(&mut self, merged: &Schema) -> Trace {
        let History { before, head, made, since, .. } = *self.history;
        let mut trace = Trace::of_same(head);
        trace.tables.retain(|_, name| merged.tables.contains(name) || merged.virtual_tables.contains(name));
        trace.columns.retain(|_, (table, column)| merged.table(table).is_some_and(|one| one.column(column).is_some()));
        for (was, is) in &made.renames().tables {
            let Some(now) = since.table(is) else { continue };
            if !now.same_spelling(is) {
                self.conflict(format!("the name of table `{now}`"), is, None);
                continue;
            }
            let is_taken = merged.object_names().any(|name| name == was)
                && !made.renames().tables.iter().any(|(_, is)| since.table(is) == Some(was))
                && was != now;
            if is_taken {
                self.conflict(format!("the name `{was}`"), was, None);
            }
            trace.tables.insert(now.clone(), was.clone());
            for ((table, _), (to, _)) in &mut trace.columns {
                if table == now {
                    *to = was.clone();
                }
            }
        }
        let columns =
            before.tables.iter().flat_map(|table| table.columns.iter().map(|column| (&table.name, &column.name)));
        for (table, was) in columns {
            let Some((is_table, is)) = made.column(table, was) else { continue };
            let Some((now_table, now)) = since.column(is_table, is).filter(|_| !was.same_spelling(is)) else {
                continue;
            };
            if !now.same_spelling(is) {
                self.conflict(format!("the name of column `{now_table}.{now}`"), is_table, Some(is));
                continue;
            }
            // in a swap it is free when its turn comes
            let is_taken = was != now && merged.table(now_table).is_some_and(|one| one.column(was).is_some());
            if is_taken && !is_renamed_too(made, table, was) {
                self.conflict(format!("the name of column `{now_table}.{was}`"), is_table, Some(was));
            }
            let key = (now_table.clone(), now.clone());
            if let Some((_, column)) = trace.columns.get_mut(&key) {
                column.clone_from(was);
            }
        }
        trace
    }
}

/// Whether the migration has given the name of a column to another one of its table.
fn is_renamed_too(made: &Trace, table: &Name, name: &Name) -> bool {
    made.columns.iter().any(|((on, was), (_, is))| on == table && was != name && is == name)
}
