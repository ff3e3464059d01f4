//! Whether the last migrations are the halves of one change, and which answers lead to them: read off the triggers between
//! them, and right if planning with them leads to the very same statements.

use std::collections::BTreeMap;

use dbmigrate_core::diff::{Diff, diff};
use dbmigrate_core::folder::{Allow, Folder, Migration, Script, Snapshot};
use dbmigrate_core::plan::phased::{Backs, Phased, carried_back, carried_over, phased};
use dbmigrate_core::plan::{Decisions, Lint, Plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::expr::without_outer_parentheses;
use dbmigrate_core::sql::path::path;
use dbmigrate_core::sql::token::significant;
use dbmigrate_core::sql::{Expr, Name};

use super::written::snapshot_before;
use crate::error::Result;

/// The halves of a change, the last migrations of a folder.
pub(crate) struct Halves {
    /// They, in order; the first one may have had nothing to do.
    pub(crate) migrations: Vec<Migration>,
    /// What was before them.
    pub(crate) before: Snapshot,
    /// How the schemas around them differ.
    pub(crate) diff: Diff,
    /// The answers.
    pub(crate) decisions: Decisions,
    /// What `--back` has said, by the names that columns have before.
    pub(crate) backs: Backs,
}

/// The halves that a folder ends with, if nobody has edited them. `declared` is what structs declare now: how they read
/// columns is in no snapshot.
///
/// # Errors
/// If a file of them cannot be read.
pub(crate) fn last_halves(folder: &Folder, declared: &Schema) -> Result<Option<Halves>> {
    let all = folder.migrations();
    // the first one may have had nothing to do
    for from in [2, 1].into_iter().filter_map(|count| all.len().checked_sub(count)) {
        let texts = all[from..].iter().map(|one| folder.sql(one)).collect::<std::result::Result<Vec<_>, _>>()?;
        let parsed = all[from..].iter().zip(&texts).map(|(one, text)| Script::parse(text, &folder.sql_path(one)));
        let Ok(scripts) = parsed.collect::<std::result::Result<Vec<_>, _>>() else { continue };
        if let Some(found) = halves_of(folder, &all[from..], &scripts, declared)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// These migrations, if they are halves.
fn halves_of(
    folder: &Folder,
    migrations: &[Migration],
    scripts: &[Script<'_>],
    declared: &Schema,
) -> Result<Option<Halves>> {
    let (Some((last, firsts)), Some(begin), Some(end)) = (scripts.split_last(), migrations.first(), migrations.last())
    else {
        return Ok(None);
    };
    if last.after_deploy.is_none() || firsts.iter().any(|first| first.after_deploy.is_some()) {
        return Ok(None);
    }
    let before = snapshot_before(folder, begin)?;
    // a snapshot that is not as it was recorded tells nothing
    let Ok(mut after) = folder.snapshot_at(end) else { return Ok(None) };
    after.schema.reads.clone_from(&declared.reads);
    let between = folder.schema_before(end)?;
    let (scripts, number) = ((firsts.first(), last), begin.name.sequence());
    for converts in [true, false] {
        let reading = Reading { before: &before.schema, between: &between, after: &after.schema, converts };
        let (mut decisions, backs) = reading.answers(scripts);
        decisions.keep = (!last.keeps.is_empty()).then_some(number);
        let Ok(diff) = diff(&before.schema, &after.schema, &decisions.renames) else { continue };
        let Ok(planned) = phased(&before.schema, &after.schema, &diff, &decisions, &backs, number) else { continue };
        if is_what_is_written(&planned, scripts) {
            return Ok(Some(Halves { migrations: migrations.to_vec(), before, diff, decisions, backs }));
        }
    }
    Ok(None)
}

struct Reading<'a> {
    before: &'a Schema,
    between: &'a Schema,
    after: &'a Schema,
    /// Whether a column that becomes one other column is a rename with a conversion, or else one that goes and one that is
    /// filled with it.
    converts: bool,
}

impl Reading<'_> {
    /// The answers that may have led to the halves.
    fn answers(&self, (first, last): (Option<&Script<'_>>, &Script<'_>)) -> (Decisions, Backs) {
        let mut decisions = first.map_or_else(Decisions::default, |first| {
            Decisions::read_back(self.before, self.between, lints(&first.allows), &first.statements)
        });
        decisions.knows_renames = true;
        decisions.online = first.is_some_and(|first| first.online.is_some()) || last.online.is_some();
        for (lint, object) in lints(&last.allows) {
            if let Ok(lint) = lint.parse::<Lint>() {
                decisions.accepted.add(lint, object);
            }
        }
        let carried = carried_over(self.between);
        let mut back = carried_back(self.between);
        let mut backs = Backs::new();
        // what rows got on the way is said by the triggers as well
        let mut fills: BTreeMap<(Name, Name), Expr> = BTreeMap::new();
        for ((table, old), all) in &carried {
            let to_old = back.remove(&(table.clone(), old.clone())).map(|expr| bare(&expr));
            let all: Vec<(Name, Expr)> = all.iter().map(|(new, expr)| (new.clone(), bare(expr))).collect();
            for (new, expr) in &all {
                back.remove(&(table.clone(), new.clone()));
                fills.insert((table.clone(), new.clone()), expr.clone());
            }
            let Some(to_old) = to_old else { continue };
            let [(new, expr)] = &all[..] else {
                backs.insert((table.clone(), old.clone()), to_old);
                continue;
            };
            let is_same = to_old.as_column().as_ref() == Some(new) && is_plain(expr, old);
            if !is_same {
                backs.insert((table.clone(), old.clone()), to_old);
            }
            if !is_same && !self.converts {
                continue;
            }
            let place = (table.clone(), new.clone());
            decisions.renames.columns.push((table.clone(), old.clone(), new.clone()));
            // nothing was lost that somebody would have had to accept
            decisions.accepted.named.remove(&(Lint::DropColumn, path([table, old]).to_ascii_lowercase()));
            fills.remove(&place);
            if is_same {
                fills.extend(coalesced(expr).map(|(_, fill)| (place, fill)));
            } else {
                let default = self.after.table(table).and_then(|table| table.column(new)?.effective_default());
                let said = default.and_then(|default| without_default(expr, default));
                decisions.conversions.insert(place, said.unwrap_or_else(|| expr.clone()));
            }
        }
        // what else rows get that one of the releases writes
        for ((table, column), expr) in back {
            let is_kept = self.after.table(&table).is_some_and(|table| table.column(&column).is_some());
            let said = if is_kept { &mut fills } else { &mut backs };
            said.insert((table, column), bare(&expr));
        }
        let renamed = |(table, column): &(Name, Name)| {
            decisions.renames.columns.iter().any(|(on, _, new)| on == table && new == column)
        };
        decisions.backfills =
            decisions.backfills.into_iter().filter(|(place, _)| !renamed(place)).chain(fills).collect();
        rename_columns(&mut decisions);
        (decisions, backs)
    }
}

/// Answers speak of renamed columns by their new names, and triggers by the old ones.
fn rename_columns(decisions: &mut Decisions) {
    let renames = decisions.renames.columns.clone();
    for answers in [&mut decisions.backfills, &mut decisions.conversions] {
        for ((table, _), expr) in answers.iter_mut() {
            let of_table = renames.iter().filter(|(on, ..)| on == table);
            let pairs: Vec<_> = of_table.map(|(_, from, to)| (from.clone(), to.clone())).collect();
            *expr = expr.with_columns_renamed(table, &pairs);
        }
    }
}

fn lints(allows: &[Allow]) -> impl Iterator<Item = (&str, &str)> {
    allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()))
}

/// An expression without the parentheses that a trigger has around it.
fn bare(expr: &Expr) -> Expr {
    let tokens = significant(expr.as_str());
    let is_in_parentheses = without_outer_parentheses(&tokens).len() < tokens.len();
    match &tokens[..] {
        [_, first, .., last, _] if is_in_parentheses => {
            Expr::new(expr.as_str().get(first.start..last.end()).unwrap_or_default())
        }
        [_, only, _] if is_in_parentheses => Expr::new(only.text),
        _ => expr.clone(),
    }
}

/// Whether an expression is a column, or that and something where it is NULL.
fn is_plain(expr: &Expr, column: &Name) -> bool {
    let inner = coalesced(expr).map(|(inner, _)| inner);
    inner.as_ref().unwrap_or(expr).as_column().as_ref() == Some(column)
}

/// A conversion without the default that stands in for NULL.
fn without_default(expr: &Expr, default: &Expr) -> Option<Expr> {
    coalesced(expr).filter(|(_, fill)| fill.as_str() == default.as_str()).map(|(inner, _)| inner)
}

/// The two parts of `coalesce(…, …)`.
fn coalesced(expr: &Expr) -> Option<(Expr, Expr)> {
    let text = expr.as_str();
    let tokens = significant(text);
    let [name, open, rest @ .., close] = &tokens[..] else { return None };
    if !name.is_word("coalesce") || open.text != "(" || close.text != ")" {
        return None;
    }
    let mut depth = 0_usize;
    let mut commas = Vec::new();
    for token in rest {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            "," if depth == 0 => commas.push(token),
            _ => {}
        }
    }
    let [comma] = &commas[..] else { return None };
    let part = |from: usize, to: usize| Some(Expr::new(text.get(from..to)?.trim()));
    Some((part(open.end(), comma.start)?, part(comma.end(), close.start)?))
}

/// Whether a plan has all that the scripts say, and nothing else.
fn is_what_is_written(planned: &Phased, (first, last): (Option<&Script<'_>>, &Script<'_>)) -> bool {
    let is_first = match first {
        Some(first) => is_script(&planned.first, first),
        None => planned.first.is_empty(),
    };
    is_first && is_script(&planned.second, last)
}

fn is_script(plan: &Plan, script: &Script<'_>) -> bool {
    let statements = plan.statements().map(words);
    let asks = |query: &str| plan.preflights.iter().any(|one| words(&one.query) == words(query));
    let allows = |allow: &Allow| {
        let is_it =
            |(lint, object): &(Lint, String)| lint.name() == allow.lint && object.eq_ignore_ascii_case(&allow.object);
        plan.allowed.iter().any(is_it)
    };
    statements.eq(script.statements.iter().map(|one| words(one.text)))
        && script.preflights.iter().all(|one| asks(&one.query))
        && script.allows.iter().all(allows)
        && script.undo.is_none()
        && script.rust.is_none()
}

/// SQL however it is laid out.
fn words(sql: &str) -> Vec<&str> {
    significant(sql).iter().map(|token| token.text).collect()
}
