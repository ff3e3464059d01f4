//! One side of a merge: what it made of the common schema, object by object, and in words.

use super::Edit;
use super::mentions::{Named, Reader};
use crate::diff::{Diff, Renames, TableDiff, diff};
use crate::plan::Trace;
use crate::schema::canonical::{
    canonical_column, canonical_index, canonical_trigger, canonical_view, canonical_virtual_table,
};
use crate::schema::{Index, NamedMap, Schema, Table};
use crate::sql::Name;

/// Something new, or changed, that needs others.
pub(super) struct Use {
    /// What is done, as a sentence without a subject.
    pub(super) what: String,
    /// What it needs, by the names of the side.
    pub(super) needs: Named,
}

/// A side.
pub(super) struct Branch<'s> {
    pub(super) edit: Edit<'s>,
    /// What became of the common names.
    pub(super) made: Trace,
    /// Where the names come from.
    pub(super) back: Trace,
    /// The common schema with the names of this side.
    before: Schema,
    diff: Option<Diff>,
    uses: Vec<Use>,
}

impl<'s> Branch<'s> {
    pub(super) fn of(edit: Edit<'s>) -> Self {
        let made = Trace::between(edit.from, edit.to, edit.renames);
        let before = with_names(edit.from, &made).0;
        let diff = diff(&before, edit.to, &Renames::default()).ok();
        let mut branch = Self { edit, back: made.inverse(), made, before, diff, uses: Vec::new() };
        branch.uses = branch.find_uses();
        branch
    }

    pub(super) fn to(&self) -> &'s Schema {
        self.edit.to
    }

    /// How it renames a table of the common schema, if it does.
    fn renaming(&self, now: &Name) -> Option<String> {
        let was = self.back.table(now).filter(|was| *was != now)?;
        Some(format!("renames table `{was}` to `{now}`"))
    }

    /// What it does to a table, beside using it elsewhere: by its own name for it.
    pub(super) fn changes_of_table(&self, table: &Name) -> Vec<String> {
        let details = self.details(|one| one == table);
        let mut all: Vec<String> = self.renaming(table).into_iter().collect();
        for column in self.to().table(table).into_iter().flat_map(|table| &table.columns) {
            if let Some((_, was)) = self.back.column(table, &column.name).filter(|(_, was)| *was != column.name) {
                all.push(format!("renames column `{table}.{was}` to `{}`", column.name));
            }
        }
        if !details.is_empty() {
            all.push(format!("changes `{table}`: {}", details.join("; ")));
        }
        if let (Some(was), Some(now)) = (self.before.virtual_tables.get(table), self.to().virtual_tables.get(table))
            && canonical_virtual_table(was) != canonical_virtual_table(now)
        {
            all.push(format!("changes virtual table `{table}`"));
        }
        all
    }

    fn details(&self, is_wanted: impl Fn(&Name) -> bool) -> Vec<String> {
        let Some(diff) = &self.diff else { return Vec::new() };
        if !diff.tables.iter().any(|table| is_wanted(&table.name)) {
            return Vec::new();
        }
        let details = diff.details(&self.before, self.to());
        let of_table =
            details.iter().filter(|detail| is_wanted(&detail.table) && !matches!(detail.kind, "trigger" | "view"));
        of_table.map(|detail| format!("`{detail}`")).collect()
    }

    /// What it does to a column, by its own names for it.
    pub(super) fn changes_of_column(&self, table: &Name, column: &Name) -> Vec<String> {
        let mut all = Vec::new();
        if let Some((_, was)) = self.back.column(table, column).filter(|(_, was)| was != column) {
            all.push(format!("renames column `{table}.{was}` to `{column}`"));
        }
        all.extend(self.change_of_column(table, column));
        all
    }

    /// How it declares a column differently.
    pub(super) fn change_of_column(&self, table: &Name, column: &Name) -> Option<String> {
        let (was_in, now_in) = (self.before.table(table)?, self.to().table(table)?);
        let (was, now) = (was_in.column(column)?, now_in.column(column)?);
        (canonical_column(was_in, was) != canonical_column(now_in, now)).then(|| {
            format!(
                "changes column `{table}.{column}` from `{}` to `{}`",
                definition(was_in, column),
                definition(now_in, column)
            )
        })
    }

    /// What it makes that needs a table, or one of its columns.
    pub(super) fn uses_of(&self, table: &Name, column: Option<&Name>) -> Vec<&str> {
        let needs = (table.clone(), column.cloned());
        let is_user = |one: &&Use| match column {
            None => one.needs.iter().any(|(needed, _)| needed == table),
            Some(_) => one.needs.contains(&needs),
        };
        self.uses.iter().filter(is_user).map(|one| &*one.what).collect()
    }

    fn find_uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        let Some(diff) = &self.diff else { return uses };
        for name in &diff.created_tables {
            let Some(table) = self.to().table(name) else { continue };
            for key in table.foreign_keys.iter().filter(|key| key.parent != *name) {
                let columns = self.to().referenced_columns(key).unwrap_or_default();
                let needs = columns.into_iter().map(|column| (key.parent.clone(), Some(column)));
                uses.push(Use {
                    what: format!("creates table `{name}` with a foreign key to `{}`", key.parent),
                    needs: needs.chain([(key.parent.clone(), None)]).collect(),
                });
            }
        }
        for diff in &diff.tables {
            if let Some(table) = self.to().table(&diff.name) {
                self.uses_in(table, diff, &mut uses);
            }
        }
        self.uses_by(&self.before.views, &self.to().views, "view", canonical_view, &mut uses);
        self.uses_by(&self.before.triggers, &self.to().triggers, "trigger", canonical_trigger, &mut uses);
        let (was, now) = (&self.before.virtual_tables, &self.to().virtual_tables);
        self.uses_by(was, now, "virtual table", canonical_virtual_table, &mut uses);
        uses
    }

    /// What is new in a table and needs its columns, or those of another.
    fn uses_in(&self, table: &Table, diff: &TableDiff, uses: &mut Vec<Use>) {
        let own = |columns: Vec<Name>| -> Named {
            columns.into_iter().map(|column| (table.name.clone(), Some(column))).collect()
        };
        for key in &diff.added_foreign_keys {
            let mut needs = own(key.columns.clone());
            // its own table is not at stake
            if key.parent != table.name {
                needs.insert((key.parent.clone(), None));
            }
            let parents = self.to().referenced_columns(key).unwrap_or_default();
            needs.extend(parents.into_iter().map(|column| (key.parent.clone(), Some(column))));
            uses.push(Use { what: format!("adds a foreign key from `{}` to `{}`", table.name, key.parent), needs });
        }
        for unique in &diff.added_uniques {
            let needs = own(unique.parts.iter().map(|part| part.column.clone()).collect());
            uses.push(Use { what: format!("adds a UNIQUE constraint to `{}`", table.name), needs });
        }
        for check in &diff.added_checks {
            let needs = own(columns_in(table, |name| check.expr.mentions(name)));
            uses.push(Use { what: format!("adds the check `{}` to `{}`", check.expr.said(), table.name), needs });
        }
        if diff.primary_key
            && let Some(key) = &table.primary_key
        {
            let needs = own(key.parts.iter().map(|part| part.column.clone()).collect());
            uses.push(Use { what: format!("changes the primary key of `{}`", table.name), needs });
        }
        let changed = diff.changed.iter().filter(|change| change.generated).map(|change| &change.name);
        for name in diff.added.iter().chain(changed) {
            let Some(generated) = table.column(name).and_then(|column| column.generated.as_ref()) else { continue };
            let needs = own(columns_in(table, |one| one != name && generated.expr.mentions(one)));
            uses.push(Use { what: format!("computes column `{}.{name}` of it", table.name), needs });
        }
        // the same index under another name, as it has one where its table is renamed
        let before = self.before.table(&table.name);
        let dropped = diff.dropped_indexes.iter().filter_map(|name| before?.indexes.get(name));
        let dropped: Vec<&Index> = dropped.collect();
        let is_moved = |index: &Index| {
            dropped.iter().any(|was| {
                let was = Index { name: index.name.clone(), ..(*was).clone() };
                canonical_index(table, &was) == canonical_index(table, index)
            })
        };
        for (names, verb) in [(&diff.created_indexes, "adds"), (&diff.changed_indexes, "changes")] {
            for index in names.iter().filter_map(|name| table.indexes.get(name)).filter(|index| !is_moved(index)) {
                let needs = own(columns_in(table, |name| index.mentions(name)));
                uses.push(Use { what: format!("{verb} index `{}` of `{}`", index.name, table.name), needs });
            }
        }
    }

    fn uses_by<T: Reader + crate::schema::Named>(
        &self,
        was: &NamedMap<T>,
        now: &NamedMap<T>,
        noun: &str,
        canonical: impl Fn(&T) -> String,
        uses: &mut Vec<Use>,
    ) {
        for object in now {
            let verb = match was.get(object.name()) {
                None => "creates",
                Some(was) if canonical(was) != canonical(object) => "changes",
                Some(_) => continue,
            };
            uses.push(Use { what: format!("{verb} {noun} `{}`", object.name()), needs: object.names(self.to()) });
        }
    }

    /// What it does to an object that is replaced as a whole.
    pub(super) fn object_verb<T: crate::schema::Named>(
        &self,
        of: impl Fn(&Schema) -> &NamedMap<T>,
        name: &Name,
        canonical: impl Fn(&T) -> String,
    ) -> &'static str {
        match (of(&self.before).get(name), of(self.to()).get(name)) {
            (None, Some(_)) => "creates",
            (Some(_), None) => "drops",
            (Some(was), Some(now)) if canonical(was) != canonical(now) => "changes",
            _ => "has",
        }
    }
}

/// The columns of a table that are named.
pub(super) fn columns_in(table: &Table, is_named: impl Fn(&Name) -> bool) -> Vec<Name> {
    table.columns.iter().map(|column| column.name.clone()).filter(|name| is_named(name)).collect()
}

/// A column as SQL, without its name.
pub(super) fn definition(table: &Table, column: &Name) -> String {
    let Some(column) = table.column(column) else { return String::new() };
    let text = crate::ddl::render::added_column(column, &[], &[], None);
    text.strip_prefix(&*column.name.sql()).unwrap_or(&text).trim().to_owned()
}

fn follow<T: Reader + crate::schema::Named>(
    objects: &NamedMap<T>,
    schema: &Schema,
    names: &Trace,
    unsure: &mut Vec<(Name, String)>,
) -> NamedMap<T> {
    let each = objects.iter().map(|object| match object.follow(schema, names) {
        Ok(object) => object,
        Err(what) => {
            unsure.push((object.name().clone(), what));
            object.clone()
        }
    });
    each.collect()
}

/// A schema with other names, and the objects whose text may or may not name what is renamed, with what that is.
pub(super) fn with_names(schema: &Schema, names: &Trace) -> (Schema, Vec<(Name, String)>) {
    let mut unsure = Vec::new();
    let mut renamed = names.renames().apply(schema);
    renamed.views = follow(&schema.views, schema, names, &mut unsure);
    renamed.triggers = follow(&schema.triggers, schema, names, &mut unsure);
    for table in &schema.virtual_tables {
        let Some(name) =
            names.table(&table.name).or(Some(&table.name)).filter(|name| renamed.virtual_tables.contains(name))
        else {
            continue;
        };
        match table.follow(schema, names) {
            Ok(followed) => {
                renamed.virtual_tables.insert(crate::schema::VirtualTable { name: name.clone(), ..followed });
            }
            Err(what) => unsure.push((name.clone(), what)),
        }
    }
    (renamed, unsure)
}
