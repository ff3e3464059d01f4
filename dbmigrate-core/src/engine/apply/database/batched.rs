//! Statements in batches: whether they can be, in this schema, and their pieces.
//!
//! A batch runs with foreign keys on, as a statement of an application does: what would violate one fails before it is
//! committed. No row of another table is changed by an action of a key: a batch that would fails before it does.

use std::collections::BTreeSet;

use super::super::{Failure, Prepared};
use super::walk::{Told, Walk, Walked};
use super::{Database, cannot_read};
use crate::engine::pieces::{Bound, Key, Range};
use crate::engine::progress::Progress;
use crate::folder::script::{Batched, Script};
use crate::query::cut::{Cut, NotCut, reads_itself};
use crate::schema::{ForeignKey, ReferentialAction, Schema, Trigger, TriggerEvent};
use crate::sql::token::significant;
use crate::sql::{Head, Name, Statement, Verb, split};

/// What the message of a batch has that would change rows of another table.
const STILL_REFERRED: &str = "_dbmigrate_still_referred";

/// A statement that can be cut in this schema.
struct Cuttable {
    cut: Cut,
    key: Key,
    /// The foreign keys by which rows of other tables would be changed with those that are deleted: the table, the key,
    /// and the columns that it refers to.
    guarded: Vec<(Name, ForeignKey, Vec<Name>)>,
}

impl Database {
    /// Fails if a statement cannot be run in batches, as far as its tables are there.
    pub(super) async fn check_batched(&mut self, migration: &Prepared<'_>, batched: &Batched) -> Result<(), Failure> {
        let statement = &migration.script.statements[batched.statement];
        let schema = self.tracker().await.map_err(cannot_read)?.schema();
        let by = batched.by.first().and_then(|(of, _)| of.as_ref());
        let cut = Cut::of(statement.text, by).map_err(|not| refused(batched, not))?;
        // one that a statement behind this makes
        let is_made = |table: &Name| {
            let later = &migration.script.statements[..batched.statement];
            schema.table(table).is_none()
                && later.iter().any(|one| matches!(Head::of(one), Some(Head::CreateTable(made) | Head::RenameTable(_, made)) if made == *table))
        };
        if is_made(&cut.table) || is_made(&cut.written) {
            return Ok(());
        }
        cuttable(schema, batched, statement).map(drop).map_err(|not| refused(batched, not))
    }

    /// Runs a statement in batches, from the position on.
    pub(super) async fn run_batched(
        &mut self,
        migration: &Prepared<'_>,
        progress: &mut Progress,
        which: usize,
        told: Told<'_>,
    ) -> Result<Walked, Failure> {
        let batched = &migration.script.batched[which];
        let statement = &migration.script.statements[batched.statement];
        let schema = self.tracker().await.map_err(cannot_read)?.schema();
        let Cuttable { cut, key, guarded } =
            cuttable(schema, batched, statement).map_err(|not| refused(batched, not))?;
        let hint = key.hint();
        let statements = |range: &Range| {
            let mut values = Vec::new();
            let condition = key.condition(&cut.of, range, &mut values);
            let guard = |(table, foreign, parent): &(Name, ForeignKey, Vec<Name>)| {
                let columns = row(parent, Some(&cut.of));
                let rows = cut.deleted(statement.text, &columns, &hint, condition.as_deref())?;
                let child = row(&foreign.columns, None);
                let refers = format!("EXISTS (SELECT 1 FROM {} WHERE {child} IN (\n{rows}\n))", table.sql());
                Some((format!("SELECT json_extract('{{}}', iif({refers}, '{STILL_REFERRED}', '$'))"), values.clone()))
            };
            let mut all: Vec<Bound> = guarded.iter().filter_map(guard).collect();
            all.push((cut.with(statement.text, &hint, condition.as_deref()), values.clone()));
            all
        };
        let (most, line) = (batched.rows, statement.line);
        let walk = Walk { key: &key, most, statements: &statements, foreign_keys: true, line };
        self.walk(progress, &walk, told).await.map_err(|(_, error)| {
            if error.message.contains(STILL_REFERRED) {
                let tables: Vec<String> = guarded.iter().map(|(table, ..)| format!("`{table}`")).collect();
                let message = format!(
                    "rows of {} refer to rows that it deletes, and would be changed with them",
                    tables.join(" or ")
                );
                let help = "delete or change those first, by a batched statement before this one";
                return refused(batched, NotCut { message, help: Some(help.to_owned()) });
            }
            let (number, text) = (batched.statement + 1, statement.text.to_owned());
            Failure::Statement { number, line: statement.line, statement: text, error }
        })
    }
}

/// The first statement of a script that cannot be run in batches: the line of its directive, why, and what to do. The
/// tables are those before the script, or where it makes them, those behind it.
pub fn not_batched(before: &Schema, after: &Schema, script: &Script<'_>) -> Option<(usize, NotCut)> {
    script.batched.iter().find_map(|batched| {
        let statement = &script.statements[batched.statement];
        let by = batched.by.first().and_then(|(of, _)| of.as_ref());
        let are_there = |cut: &Cut| [&cut.table, &cut.written].into_iter().all(|name| before.table(name).is_some());
        let schema = match Cut::of(statement.text, by) {
            Ok(cut) if !are_there(&cut) => after,
            _ => before,
        };
        cuttable(schema, batched, statement).err().map(|not| (batched.line, not))
    })
}

/// Columns as a value.
fn row(columns: &[Name], of: Option<&Name>) -> String {
    let of = of.map(|of| format!("{}.", of.sql())).unwrap_or_default();
    let columns: Vec<String> = columns.iter().map(|column| format!("{of}{}", column.sql())).collect();
    match &columns[..] {
        // behind `SELECT` there is no row of values
        all if !of.is_empty() => all.join(", "),
        [only] => only.clone(),
        all => format!("({})", all.join(", ")),
    }
}

fn refused(batched: &Batched, NotCut { message, help }: NotCut) -> Failure {
    Failure::NotBatched { line: batched.line, message, help }
}

fn not(message: String, help: Option<&str>) -> NotCut {
    NotCut { message, help: help.map(str::to_owned) }
}

/// The statement with its key, if it means in batches what it means at once.
fn cuttable(schema: &Schema, batched: &Batched, statement: &Statement<'_>) -> Result<Cuttable, NotCut> {
    let by = batched.by.first().and_then(|(of, _)| of.as_ref());
    if batched.by.iter().any(|(of, _)| of.as_ref() != by) {
        return Err(not("the key to cut by has columns of several tables".to_owned(), None));
    }
    let cut = Cut::of(statement.text, by)?;
    let Some(table) = schema.table(&cut.table) else {
        let what = if schema.views.contains(&cut.table) { "a view" } else { "no table" };
        return Err(not(format!("`{}` is {what}, and has no key to cut by", cut.table), None));
    };
    let columns: Vec<Name> = batched.by.iter().map(|(_, column)| column.clone()).collect();
    let key = Key::of(table, &columns).map_err(|no| NotCut { message: no.message, help: no.help })?;
    if schema.table(&cut.written).is_none() {
        return Err(not(format!("`{}`, which it writes, is no table", cut.written), None));
    }
    let written = schema.table(&cut.written);
    let alias = written.and_then(crate::schema::Table::rowid_alias).map(|alias| alias.name.clone());
    let is_key = |set: &Name| {
        let is_rowid = key.is_rowid
            && (alias.as_ref() == Some(set) || ["rowid", "_rowid_", "oid"].iter().any(|word| *set == **word));
        is_rowid || key.parts.iter().any(|part| part.column == *set)
    };
    if cut.verb == Verb::Update
        && let Some(set) = cut.sets.iter().find(|set| is_key(set))
    {
        return Err(not(
            format!("it changes `{set}`, by which it would be cut: rows would be met twice, or never"),
            None,
        ));
    }
    reads_of_others(schema, &cut)?;
    Ok(Cuttable { guarded: actions(schema, &cut)?, cut, key })
}

/// What views that it reads have in them, and what triggers that it fires write.
fn reads_of_others(schema: &Schema, cut: &Cut) -> Result<(), NotCut> {
    let mut reads = cut.reads.clone();
    if cut.verb != Verb::Update && cut.verb != Verb::Delete {
        reads.insert(cut.table.clone());
    }
    let mut waiting: Vec<Name> = reads.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let Some(view) = schema.views.get(&name) else { continue };
        for used in crate::engine::check::names_used(view.query.as_str()) {
            if used == cut.written {
                return Err(reads_itself(&cut.written, &format!(" through the view `{name}`")));
            }
            if reads.insert(used.clone()) {
                waiting.push(used);
            }
        }
    }
    let mut fired: BTreeSet<Name> = BTreeSet::new();
    let mut waiting: Vec<(Name, Option<Verb>)> = vec![(cut.written.clone(), Some(cut.verb))];
    while let Some((table, verb)) = waiting.pop() {
        let on = schema.triggers.iter().filter(|trigger| trigger.on == table && fires(trigger, verb, cut));
        for trigger in on.collect::<Vec<_>>() {
            if !fired.insert(trigger.name.clone()) {
                continue;
            }
            for inner in split(trigger.body.as_str()) {
                let Some(Head::Write(_, target)) = Head::of(&inner) else { continue };
                let is_own_row = target == cut.written && is_of_its_row(schema, trigger, &inner);
                if !is_own_row && (reads.contains(&target) || target == cut.table) {
                    let message = format!(
                        "the trigger `{}` writes `{target}`, which it reads: each batch would see what those before have \
                         written",
                        trigger.name
                    );
                    return Err(not(message, None));
                }
                waiting.push((target, None));
            }
        }
    }
    Ok(())
}

/// Whether a trigger fires on what a statement does; on everything, where that is not known.
fn fires(trigger: &Trigger, verb: Option<Verb>, cut: &Cut) -> bool {
    match (verb, &trigger.event) {
        (Some(Verb::Insert), TriggerEvent::Update(_)) => !cut.sets.is_empty(),
        (Some(Verb::Insert), TriggerEvent::Delete)
        | (Some(Verb::Update), TriggerEvent::Insert | TriggerEvent::Delete)
        | (Some(Verb::Delete), TriggerEvent::Insert | TriggerEvent::Update(_)) => false,
        _ => true,
    }
}

/// Whether a statement of a trigger writes nothing but the row that it fires for: `UPDATE t SET … WHERE id = NEW.id`.
fn is_of_its_row(schema: &Schema, trigger: &Trigger, statement: &Statement<'_>) -> bool {
    let Some(Head::Write(Verb::Update, target)) = Head::of(statement) else { return false };
    let Some(table) = schema.table(&target).filter(|_| target == trigger.on) else { return false };
    let tokens = significant(statement.text);
    let [.., r#where, column, equals, row, dot, same] = &tokens[..] else { return false };
    let is_key = |name: &Name| {
        table.rowid_alias().is_some_and(|alias| alias.name == *name)
            || table.unique_keys().any(|key| key.len() == 1 && key[0] == *name)
            || (["rowid", "_rowid_", "oid"].iter().any(|word| *name == **word) && table.column(name).is_none())
    };
    let (Some(column), Some(same)) = (column.identifier().map(Name::from), same.identifier().map(Name::from)) else {
        return false;
    };
    let is_row = row.is_word("new") || row.is_word("old");
    r#where.is_word("where") && equals.text == "=" && dot.text == "." && is_row && column == same && is_key(&column)
}

/// The foreign keys that would do something to rows of other tables.
fn actions(schema: &Schema, cut: &Cut) -> Result<Vec<(Name, ForeignKey, Vec<Name>)>, NotCut> {
    let acts = |action: ReferentialAction| !matches!(action, ReferentialAction::NoAction | ReferentialAction::Restrict);
    let mut guarded = Vec::new();
    for table in &schema.tables {
        for foreign in table.foreign_keys.iter().filter(|key| key.parent == cut.written) {
            let parent = schema.referenced_columns(foreign).unwrap_or_default();
            let sets = cut.sets.iter().any(|set| parent.contains(set));
            if sets && acts(foreign.on_update) {
                let message =
                    format!("it changes a key that `{}` refers to, whose rows would change with it", table.name);
                return Err(not(message, None));
            }
            let deletes = matches!(cut.verb, Verb::Delete | Verb::Replace);
            if !deletes {
                continue;
            }
            if table.name == cut.written && cut.verb == Verb::Delete {
                let message =
                    format!("`{}` refers to itself: rows that belong together may be in two batches", table.name);
                return Err(not(message, Some("set the references to NULL first, by a batched `UPDATE` before this")));
            }
            if acts(foreign.on_delete) {
                if cut.verb == Verb::Replace || parent.is_empty() {
                    let message =
                        format!("it replaces rows that `{}` refers to, whose rows would change with them", table.name);
                    return Err(not(message, Some("write `INSERT … ON CONFLICT … DO UPDATE` instead of `REPLACE`")));
                }
                guarded.push((table.name.clone(), foreign.clone(), parent));
            }
        }
    }
    Ok(guarded)
}
