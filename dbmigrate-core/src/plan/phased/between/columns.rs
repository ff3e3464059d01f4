//! The columns of a table in between: those of both releases, and what is carried over between them.

use std::collections::BTreeSet;

use self::kinds::is_one_kind;
use super::nullable;
use crate::diff::{ColumnChange, TableDiff};
use crate::plan::decide::needs_backfill;
use crate::plan::phased::link::{Fill, Link, Sentinel, Side, is_constant, is_unique};
use crate::plan::phased::{Input, PhasedError};
use crate::schema::canonical::canonical_default;
use crate::schema::{Column, Schema, Table};
use crate::shell::shell_quoted;
use crate::sql::path::path;
use crate::sql::{Expr, Name};

mod kinds;

/// A table in between.
pub(super) struct Merged {
    pub(super) table: Table,
    pub(super) links: Vec<Link>,
    pub(super) fills: Vec<Fill>,
}

/// The columns of `before`, with what is new in `after`.
pub(super) fn merged(
    input: &Input<'_>,
    changed: &TableDiff,
    before: &Table,
    after: &Table,
) -> Result<Merged, PhasedError> {
    let merging = Merging { input, before, after };
    let mut merged = Merged { table: before.clone(), links: Vec::new(), fills: Vec::new() };
    merging.refuse_keys()?;
    for (from, to) in merging.renamed() {
        merging.rename(&mut merged, &from, &to)?;
    }
    let is_renamed = |name: &Name| merging.renamed().iter().any(|(_, to)| to == name);
    for change in changed.changed.iter().filter(|change| !is_renamed(&change.name)) {
        merging.change(&mut merged, change)?;
    }
    merging.split(&mut merged)?;
    Ok(merged)
}

struct Merging<'a> {
    input: &'a Input<'a>,
    before: &'a Table,
    after: &'a Table,
}

impl Merging<'_> {
    /// The columns that are renamed: old name, new name.
    fn renamed(&self) -> Vec<(Name, Name)> {
        let of_table = self.input.diff.renames.columns.iter().filter(|(table, _, _)| *table == self.after.name);
        of_table.filter(|(_, from, to)| from != to).map(|(_, from, to)| (from.clone(), to.clone())).collect()
    }

    fn object(&self, column: &Name) -> String {
        path([&self.after.name, column])
    }

    /// An expression over the new names as one over the columns that a row has before.
    fn over_old(&self, expr: &Expr) -> Expr {
        let back: Vec<(Name, Name)> = self.renamed().into_iter().map(|(from, to)| (to, from)).collect();
        expr.with_columns_renamed(&self.after.name, &back)
    }

    fn backfill(&self, column: &Name) -> Option<Expr> {
        self.input.decisions.backfill(&self.after.name, column).map(|expr| self.over_old(expr))
    }

    fn back(&self, column: &Name) -> Option<Expr> {
        self.input.backs.get(&(self.after.name.clone(), column.clone())).cloned()
    }

    /// Columns that name rows cannot be two.
    fn refuse_keys(&self) -> Result<(), PhasedError> {
        let parts = |table: &Table| -> Vec<Name> {
            table.primary_key.iter().flat_map(|key| &key.parts).map(|part| part.column.clone()).collect()
        };
        if parts(self.before) != parts(self.after) || self.before.without_rowid != self.after.without_rowid {
            let what = format!("`{}` gets another primary key", path([&self.after.name]));
            return Err(PhasedError::cannot(what, "by which each release names its rows"));
        }
        for (from, to) in self.renamed() {
            if self.before.column(&to).is_some() {
                let what = format!("`{}` is renamed to `{to}`", self.object(&from));
                return Err(PhasedError::cannot(what, "which is another column for the release that runs"));
            }
            let refers =
                |key: &crate::schema::ForeignKey| key.parent == self.before.name && key.parent_columns.contains(&from);
            if self.input.old.tables.iter().flat_map(|table| &table.foreign_keys).any(refers) {
                let what = format!("`{}` is renamed", self.object(&from));
                return Err(PhasedError::cannot(what, "and foreign keys of other tables refer to it"));
            }
        }
        Ok(())
    }

    fn pair(&self, from: &Name, to: &Name) -> Result<(Column, Column), PhasedError> {
        match (self.before.column(from), self.after.column(to)) {
            (Some(old), Some(new)) => Ok((old.clone(), new.clone())),
            _ => Err(PhasedError::cannot(format!("`{}` is renamed", self.object(from)), "and is not there")),
        }
    }

    /// A column that has another name for the release that comes.
    fn rename(&self, merged: &mut Merged, from: &Name, to: &Name) -> Result<(), PhasedError> {
        let (mut old, mut new) = self.pair(from, to)?;
        let what = || format!("`{}` is renamed to `{to}`", self.object(from));
        match (&old.generated, &new.generated) {
            (None, None) => {}
            (Some(_), Some(_)) => {
                merged.table.columns.push(new);
                return Ok(());
            }
            _ => return Err(PhasedError::cannot(what(), "and one of them is generated, which cannot be written")),
        }
        let conversion = self.input.decisions.conversion(&self.after.name, to).map(|expr| self.over_old(expr));
        let back = self.back(from);
        let other_kind = !is_one_kind((self.before, &old), (self.after, &new));
        let converts = conversion.is_some() || back.is_some();
        if !converts && other_kind || conversion.is_some() != back.is_some() {
            let flags = self.both_ways((&old, from), (&new, to));
            let place = |name: &Name| (self.after.name.clone(), name.clone());
            return Err(PhasedError::Cannot {
                what: what(),
                why: "and each release writes values of another kind".to_owned(),
                help: vec![format!("say how, both ways: `{flags}`")],
                instead_of: vec![place(from), place(to)],
            });
        }
        let mut forward = conversion.unwrap_or_else(|| Expr::new(from.sql()));
        let (old_required, new_required) = (old.not_null, new.not_null);
        // a conversion says what becomes of NULL, as it does where one migration makes the change
        let fill = match (new_required, converts) {
            (true, true) => new.effective_default().cloned(),
            (true, false) if !old_required => {
                let fill = self.backfill(to).or_else(|| new.effective_default().cloned());
                Some(fill.ok_or_else(|| self.no_fill(to))?)
            }
            _ => None,
        };
        let is_filled = fill.is_some() && !converts;
        if let Some(fill) = fill {
            forward = Expr::new(format!("coalesce({forward}, {fill})"));
        }
        let Told { sentinels: [of_old, of_new], defaults: [for_old, for_new] } =
            self.told((&old, &new), (from, to), converts)?;
        let is_default = matches!(of_old, Sentinel::Default(_));
        let [given_old, given_new] = [&old, &new].map(is_always_given);
        if !is_default {
            (old.default, new.default) = (None, None);
        }
        let is_required = old_required && new_required && for_old.is_none() && for_new.is_none() && !is_default;
        let [unfit_old, unfit_new] = match (converts, new_required && !old_required) {
            (true, _) => [self.unfit(self.input.old, self.before, &old), self.unfit(self.input.new, self.after, &new)],
            (false, true) => [None, Some(format!("{} IS NULL", to.sql()))],
            (false, false) => [None, None],
        };
        // what a conversion makes of a value must not make the statement fail
        if !is_default || !new_required || converts {
            nullable(&mut old);
        }
        if !is_default || !old_required || converts {
            nullable(&mut new);
        }
        let side = |name: &Name, from_other, sentinel, default, (is_given, unfit)| Side {
            name: name.clone(),
            from_other: Some(from_other),
            sentinel,
            is_required,
            is_given,
            is_carried: true,
            is_filled: is_filled && *name == *to,
            default,
            unfit,
        };
        merged.links.push(Link {
            table: self.after.name.clone(),
            olds: vec![side(
                from,
                back.unwrap_or_else(|| Expr::new(to.sql())),
                of_old,
                for_old,
                (given_old, unfit_old),
            )],
            news: vec![side(to, forward, of_new, for_new, (given_new, unfit_new))],
        });
        replace(&mut merged.table, old);
        merged.table.columns.push(new);
        Ok(())
    }

    /// What tells that a release has not given a column of a rename, and what a row gets that neither has given.
    fn told(
        &self,
        (old, new): (&Column, &Column),
        (from, to): (&Name, &Name),
        converts: bool,
    ) -> Result<Told, PhasedError> {
        let unique = is_unique(self.before, from) || is_unique(self.after, to);
        let both_required = old.not_null && new.not_null;
        let defaults = (old.effective_default(), new.effective_default());
        let are_constant = is_constant(self.before, old) && is_constant(self.after, new);
        let what = || format!("`{}` is renamed to `{to}`", self.object(from));
        let null = |for_old: Option<&Expr>, for_new: Option<&Expr>| Told {
            sentinels: [Sentinel::Null, Sentinel::Null],
            defaults: [for_old.cloned(), for_new.cloned()],
        };
        match defaults {
            (None, None) => Ok(null(None, None)),
            (Some(one), Some(other)) if !converts && canonical_default(one) != canonical_default(other) => {
                Err(PhasedError::or(what(), "and gets another default", "change the default in a migration of its own"))
            }
            // of a conversion each default is what becomes of the other one, as the proof will see
            (Some(one), Some(other)) if !unique && are_constant => Ok(Told {
                sentinels: [Sentinel::Default(one.clone()), Sentinel::Default(other.clone())],
                defaults: [None, None],
            }),
            (Some(default), _) if both_required => Ok(null(Some(default), None)),
            (None, Some(default)) if both_required && converts => Ok(null(None, Some(default))),
            (None, Some(default)) if both_required => Ok(null(Some(default), None)),
            _ => Err(PhasedError::cannot(
                what(),
                "and can be NULL although it has a default: it is unknown who wrote NULL",
            )),
        }
    }

    fn no_fill(&self, column: &Name) -> PhasedError {
        let object = self.object(column);
        let help = format!("say what such a row gets: `--backfill {}`", shell_quoted(&format!("{object}=SQL")));
        PhasedError::or(format!("`{object}` cannot be NULL"), "and the release that runs may leave it so", help)
    }

    /// A column that both releases know.
    fn change(&self, merged: &mut Merged, change: &ColumnChange) -> Result<(), PhasedError> {
        let name = &change.name;
        let (old, new) = self.pair(name, name)?;
        let what = |how: &str| format!("`{}` {how}", self.object(name));
        let converts = self.input.decisions.conversion(&self.after.name, name).is_some();
        if change.generated {
            return Err(PhasedError::cannot(what("is computed in another way"), "and has one value at a time"));
        }
        if converts || !is_one_kind((self.before, &old), (self.after, &new)) {
            return Err(self.needs_another_name((&old, &new), name));
        }
        let mut column = old.clone();
        if let Some(default) = new.default.clone().filter(|_| change.default) {
            column.default = Some(default);
        }
        let rejects = (self.before.rejects_null(&old), self.after.rejects_null(&new));
        match rejects {
            (false, true) => {
                let fill = self.backfill(name).or_else(|| new.effective_default().cloned());
                let Some(expr) = fill else { return Err(self.no_fill(name)) };
                merged.fills.push(Fill { table: self.after.name.clone(), column: name.clone(), expr, is_new: false });
            }
            (true, false) => nullable(&mut column),
            _ => {}
        }
        replace(&mut merged.table, column);
        Ok(())
    }

    /// The columns that only one of the releases knows, linked where one gets its values from others.
    fn split(&self, merged: &mut Merged) -> Result<(), PhasedError> {
        let renamed = self.renamed();
        let gone: Vec<&Column> = self
            .before
            .columns
            .iter()
            .filter(|column| self.after.column(&column.name).is_none())
            .filter(|column| !renamed.iter().any(|(from, _)| *from == column.name))
            .collect();
        let added: Vec<&Column> = self
            .after
            .columns
            .iter()
            .filter(|column| self.before.column(&column.name).is_none())
            .filter(|column| !renamed.iter().any(|(_, to)| *to == column.name))
            .collect();
        let mut groups: Vec<BTreeSet<&Name>> = Vec::new();
        let fills: Vec<(&Column, Option<Expr>)> =
            added.iter().map(|column| (*column, self.backfill(&column.name))).collect();
        let backs: Vec<(&Column, Option<Expr>)> =
            gone.iter().map(|column| (*column, self.back(&column.name))).collect();
        for (column, fill) in &fills {
            let from: BTreeSet<&Name> =
                gone.iter().map(|old| &old.name).filter(|name| says(fill.as_ref(), name)).collect();
            if !from.is_empty() {
                join(&mut groups, from.into_iter().chain([&column.name]).collect());
            }
        }
        for (column, back) in &backs {
            let from = added.iter().map(|new| &new.name).filter(|name| says(back.as_ref(), name));
            if back.is_some() {
                join(&mut groups, from.chain([&column.name]).collect());
            }
        }
        let is_linked = |name: &Name| groups.iter().any(|group| group.contains(name));
        for (column, fill) in &fills {
            let mut column = (*column).clone();
            if needs_backfill(self.after, &column) {
                let Some(expr) = fill else { return Err(self.no_fill(&column.name)) };
                if !is_linked(&column.name) {
                    let (table, name) = (self.after.name.clone(), column.name.clone());
                    merged.fills.push(Fill { table, column: name, expr: expr.clone(), is_new: true });
                }
                nullable(&mut column);
            }
            merged.table.columns.push(column);
        }
        for (column, back) in &backs {
            if column.not_null && column.effective_default().is_none() && column.generated.is_none() {
                if back.is_none() {
                    let object = self.object(&column.name);
                    let help = format!("say what such a row gets: `--back {}`", shell_quoted(&format!("{object}=SQL")));
                    let why = "which cannot be NULL, and the new release does not write it";
                    return Err(PhasedError::or(format!("`{object}` is dropped"), why, help));
                }
                let mut column = (*column).clone();
                nullable(&mut column);
                replace(&mut merged.table, column);
            }
        }
        for group in &groups {
            let side = |(schema, table): (&Schema, &Table), (column, expr): &(&Column, Option<Expr>)| Side {
                name: column.name.clone(),
                from_other: expr.clone(),
                sentinel: match column.effective_default() {
                    Some(default) if is_constant(table, column) => Sentinel::Default(default.clone()),
                    Some(_) => Sentinel::Unknown,
                    None => Sentinel::Null,
                },
                is_required: column.not_null,
                is_given: is_always_given(column),
                is_carried: false,
                is_filled: false,
                default: None,
                unfit: expr.as_ref().and_then(|_| self.unfit(schema, table, column)),
            };
            merged.links.push(Link {
                table: self.after.name.clone(),
                olds: backs
                    .iter()
                    .filter(|(one, _)| group.contains(&one.name))
                    .map(|one| side((self.input.old, self.before), one))
                    .collect(),
                news: fills
                    .iter()
                    .filter(|(one, _)| group.contains(&one.name))
                    .map(|one| side((self.input.new, self.after), one))
                    .collect(),
            });
        }
        Ok(())
    }
}

/// Whether each `INSERT` of a release gives a column a value.
fn is_always_given(column: &Column) -> bool {
    column.not_null && column.effective_default().is_none()
}

/// How it is known that a release has not given its column of a rename, the one that runs and the one that comes, and what
/// a row gets in it that neither has given.
struct Told {
    sentinels: [Sentinel; 2],
    defaults: [Option<Expr>; 2],
}

/// Joins names, and all groups that have one of them, into one.
fn join<'n>(groups: &mut Vec<BTreeSet<&'n Name>>, names: BTreeSet<&'n Name>) {
    let (touching, apart): (Vec<_>, Vec<_>) =
        groups.drain(..).partition(|group| group.iter().any(|name| names.contains(name)));
    *groups = apart;
    groups.push(touching.into_iter().flatten().chain(names).collect());
}

fn says(expr: Option<&Expr>, name: &Name) -> bool {
    expr.is_some_and(|expr| expr.mentions(name))
}

/// Puts a column in the place of the one with its name.
fn replace(table: &mut Table, column: Column) {
    if let Some(at) = table.columns.iter_mut().find(|one| one.name == column.name) {
        *at = column;
    }
}
