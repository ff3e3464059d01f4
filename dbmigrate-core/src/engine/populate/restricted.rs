//! Rows that a change is meant to carry over: those that fit what it adds, and for which what it computes has a value.

use super::uses::Uses;
use super::{Populated, finish, populate_as_used};
use crate::ddl::render::{create_index, create_table};
use crate::diff::Renames;
use crate::engine::connection::{Connection, text};
use crate::engine::error::EngineError;
use crate::plan::Plan;
use crate::schema::{Column, Generated, Index, Schema, Table};
use crate::sql::name::sql_list;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// The schema `old` with the constraints that `new` adds to it: rows that fit it are rows that the change is meant to
/// carry over. `None` if nothing is added.
pub fn restricted(old: &Schema, new: &Schema, renames: &Renames) -> Option<Schema> {
    let mut schema = old.clone();
    let mut differs = false;
    for after in &new.tables {
        let before = renames.table_before(&after.name).and_then(|name| schema.tables.get_mut(name));
        let Some(table) = before else { continue };
        let back = |column: &Name| renames.old_column(&after.name, column).clone();
        let names: Vec<Name> = table.columns.iter().map(|column| column.name.clone()).collect();
        let has =
            |column: &Name| renames.column_before(&after.name, column).is_some_and(|before| names.contains(before));
        for column in after.columns.iter().filter(|column| has(&column.name)) {
            let rejects = after.rejects_null(column);
            let declared = table.columns.iter_mut().find(|old| old.name == back(&column.name));
            if let Some(declared) =
                declared.filter(|declared| rejects && !declared.not_null && declared.generated.is_none())
            {
                declared.not_null = true;
                differs = true;
            }
        }
        for check in &after.checks {
            let mentioned: Vec<&Name> =
                after.columns.iter().map(|column| &column.name).filter(|name| check.expr.mentions(name)).collect();
            if mentioned.iter().all(|name| has(name)) {
                let mut check = check.clone();
                let renames: Vec<(Name, Name)> = mentioned.iter().map(|name| ((*name).clone(), back(name))).collect();
                check.expr = check.expr.with_columns_renamed(&after.name, &renames);
                check.expr = check.expr.with_qualifier_renamed(&after.name, &table.name);
                check.name = None;
                differs |= !table.checks.iter().any(|one| one.expr == check.expr);
                table.checks.push(check);
            }
        }
        for unique in after.uniques.iter().filter(|unique| unique.parts.iter().all(|part| has(&part.column))) {
            let mut unique = unique.clone();
            unique.parts.iter_mut().for_each(|part| part.column = back(&part.column));
            differs |= !table.uniques.contains(&unique);
            table.uniques.push(unique);
        }
        for key in after.foreign_keys.iter().filter(|key| key.columns.iter().all(has)) {
            let mut key = key.clone();
            let parent_columns = new.referenced_columns(&key).unwrap_or_default();
            key.columns.iter_mut().for_each(|column| *column = back(column));
            let Some(parent) = renames.table_before(&key.parent).and_then(|name| old.table(name)) else { continue };
            let before = |column: &Name| {
                let name = renames.column_before(&key.parent, column)?;
                parent.column(name).map(|column| column.name.clone())
            };
            let columns: Option<Vec<Name>> = parent_columns.iter().map(before).collect();
            let known = columns.is_some();
            key.parent_columns = columns.unwrap_or_default();
            key.parent = parent.name.clone();
            if known && !table.foreign_keys.contains(&key) {
                differs = true;
                // the new key first: values follow the first key of a column
                table.foreign_keys.insert(0, key);
            }
        }
    }
    differs.then_some(schema)
}

/// The rows that a change is meant for.
pub(in crate::engine) struct Meant {
    /// Schemas with the old tables in them that such rows fit, the narrowest first.
    narrower: Vec<Schema>,
    /// What is known of how the old tables' columns are used, before and after.
    uses: Uses,
    /// The old tables for which something new is computed from their rows.
    pub(in crate::engine) judged: Vec<Name>,
}

impl Meant {
    /// What a plan is meant for.
    pub(in crate::engine) fn of(old: &Schema, new: &Schema, renames: &Renames, plan: &Plan) -> Self {
        let restricted = if plan.preflights.is_empty() { None } else { restricted(old, new, renames) };
        let mut meant = Self { narrower: Vec::new(), uses: Uses::of(old), judged: Vec::new() };
        let mut judged = restricted.clone().unwrap_or_else(|| old.clone());
        for after in &new.tables {
            let Some(before) = renames.table_before(&after.name).and_then(|name| old.table(name)) else { continue };
            if let Some(table) = judged.tables.get_mut(&before.name) {
                let mut judge = Judge { before, after, renames, table, uses: &mut meant.uses, added: 0 };
                judge.hear(plan);
                if judge.added > 0 {
                    meant.judged.push(before.name.clone());
                }
            }
        }
        if !meant.judged.is_empty() {
            meant.narrower.push(judged);
        }
        meant.narrower.extend(restricted);
        meant
    }
}

/// Puts what a change computes from the rows of a table into a copy of that table, so that a row which the copy takes is
/// one for which all of it has a value.
struct Judge<'a> {
    before: &'a Table,
    after: &'a Table,
    renames: &'a Renames,
    table: &'a mut Table,
    uses: &'a mut Uses,
    added: usize,
}

impl Judge<'_> {
    fn hear(&mut self, plan: &Plan) {
        let added_before = self.table.columns.len();
        for computed in plan.computed.iter().filter(|computed| computed.table == self.before.name) {
            self.uses.read(self.before, &computed.value);
            let not_null = self.after.rejects_null(&computed.column);
            self.add_column(&computed.column, computed.value.clone(), not_null);
        }
        for column in &self.after.columns {
            let Some(generated) = &column.generated else { continue };
            let was = self.renames.column_before(&self.after.name, &column.name);
            let was = was.and_then(|name| self.before.column(name)).and_then(|column| column.generated.as_ref());
            let value = self.in_old_terms(&generated.expr);
            if was.is_none_or(|was| was.expr != value) {
                self.uses.read(self.before, &value);
                self.add_column(column, value, column.not_null);
            }
        }
        let has_new_columns = self.table.columns.len() > added_before;
        let known: Vec<Expr> = self.before.checks.iter().map(|check| check.expr.clone()).collect();
        for check in &self.after.checks {
            let mut check = check.clone();
            check.expr = self.in_old_terms(&check.expr);
            check.name = None;
            if known.contains(&check.expr) {
                continue;
            }
            self.uses.read(self.before, &check.expr);
            if has_new_columns && self.knows(&check.expr) && !self.table.checks.contains(&check) {
                self.table.checks.push(check);
            }
        }
        for index in &self.after.indexes {
            self.add_index(index);
        }
    }

    /// An index that is new, and reads more than columns.
    fn add_index(&mut self, index: &Index) {
        let mut index = index.clone();
        for part in &mut index.parts {
            part.expr = self.in_old_terms(&part.expr);
        }
        index.predicate = index.predicate.as_ref().map(|predicate| self.in_old_terms(predicate));
        let is_known =
            self.before.indexes.iter().any(|old| old.parts == index.parts && old.predicate == index.predicate);
        let evaluates = index.predicate.is_some() || index.parts.iter().any(|part| part.expr.as_column().is_none());
        if is_known || !evaluates {
            return;
        }
        for expr in index.parts.iter().map(|part| &part.expr).chain(&index.predicate) {
            self.uses.read(self.before, expr);
        }
        let knows = index.parts.iter().map(|part| &part.expr).chain(&index.predicate).all(|expr| self.knows(expr));
        if knows {
            index.name = Name::from(format!("_judge_{}_{}", self.table.name, self.added));
            self.table.indexes.insert(index);
            self.added += 1;
        }
    }

    fn add_column(&mut self, column: &Column, value: Expr, not_null: bool) {
        if !self.knows(&value) || !is_deterministic(&value) {
            return;
        }
        let mut judge = Column::new(column.name.clone(), column.decl_type.as_str());
        if self.table.column(&judge.name).is_some() {
            judge.name = Name::from(format!("_judge_{}", self.added));
        }
        judge.not_null = not_null;
        judge.generated = Some(Generated { expr: value, stored: true });
        self.table.columns.push(judge);
        self.added += 1;
    }

    /// An expression of the new table, over the columns as they are called in the old one.
    fn in_old_terms(&self, expr: &Expr) -> Expr {
        let columns = self.after.columns.iter().map(|column| &column.name);
        let renames: Vec<(Name, Name)> = columns
            .map(|name| (name.clone(), self.renames.old_column(&self.after.name, name).clone()))
            .filter(|(new, old)| new != old)
            .collect();
        let expr =
            if renames.is_empty() { expr.clone() } else { expr.with_columns_renamed(&self.after.name, &renames) };
        expr.with_qualifier_renamed(&self.after.name, &self.before.name)
    }

    /// Whether every column of the new table that the expression names is in the copy.
    fn knows(&self, expr: &Expr) -> bool {
        let old = |name: &Name| self.renames.old_column(&self.after.name, name).clone();
        let mut columns = self.after.columns.iter().map(|column| old(&column.name));
        columns.all(|name| !expr.mentions(&name) || self.table.column(&name).is_some())
    }
}

/// Whether a generated column may have the expression: it looks at nothing but the row.
fn is_deterministic(expr: &Expr) -> bool {
    let tokens = significant(expr.as_str());
    let is_of_its_time = tokens.iter().enumerate().any(|(at, token)| match token.kind {
        TokenKind::Word => {
            let word = token.text.to_ascii_lowercase();
            let is_call_of_nothing =
                matches!(&tokens[at + 1..], [open, close, ..] if open.kind == TokenKind::Open && close.kind == TokenKind::Close);
            matches!(
                word.as_str(),
                "select" | "random" | "randomblob" | "current_timestamp" | "current_date" | "current_time" | "changes"
            ) || is_call_of_nothing
        }
        TokenKind::String => ["'now'", "'localtime'", "'utc'"].iter().any(|text| token.text.eq_ignore_ascii_case(text)),
        _ => false,
    });
    !is_of_its_time
}

/// Fills the tables of a database that has `schema` with rows that also fit `restricted`.
/// Triggers must not exist yet, foreign keys must be off.
///
/// # Errors
/// If the engine fails.
pub async fn populate_restricted(
    connection: &Connection,
    schema: &Schema,
    restricted: Option<&Schema>,
) -> Result<Populated, EngineError> {
    let meant =
        Meant { narrower: restricted.cloned().into_iter().collect(), uses: Uses::of(schema), judged: Vec::new() };
    populate_meant(connection, schema, &meant).await
}

/// The same with the rows that a change is meant for.
pub(in crate::engine) async fn populate_meant(
    connection: &Connection,
    schema: &Schema,
    meant: &Meant,
) -> Result<Populated, EngineError> {
    for narrower in &meant.narrower {
        // a constraint that the old rows cannot have at all leaves the table to the unrestricted rows
        if let Some(scratch) = scratch(schema, narrower).await? {
            let tables = Schema { tables: narrower.tables.clone(), ..Schema::default() };
            populate_as_used(&scratch, &tables, &meant.uses).await?;
            carry_over(&scratch, connection, schema).await?;
            return finish(connection, schema).await;
        }
    }
    populate_as_used(connection, schema, &meant.uses).await
}

/// A database with the tables of `narrower` and what rejects rows of them; `None` if there can be none.
async fn scratch(schema: &Schema, narrower: &Schema) -> Result<Option<Connection>, EngineError> {
    let scratch = Connection::in_memory().await?;
    scratch.run("PRAGMA foreign_keys = OFF").await?;
    scratch.run("BEGIN").await?;
    for table in &narrower.tables {
        let mut bare = table.clone();
        bare.indexes = table.indexes.iter().filter(|index| index.unique || evaluates(index)).cloned().collect();
        if scratch.run(&create_table(&bare)).await.is_err() {
            return Ok(None);
        }
        for index in &bare.indexes {
            match scratch.run(&create_index(&bare.name, index)).await {
                Err(_) if schema.table(&table.name).is_none_or(|table| !table.indexes.contains(&index.name)) => {
                    return Ok(None);
                }
                result => result?,
            }
        }
    }
    Ok(Some(scratch))
}

fn evaluates(index: &Index) -> bool {
    index.predicate.is_some() || index.parts.iter().any(|part| part.expr.as_column().is_none())
}

/// Copies what the scratch database has taken: rows that fit the restricted table fit the real one.
async fn carry_over(scratch: &Connection, connection: &Connection, schema: &Schema) -> Result<(), EngineError> {
    for table in &schema.tables {
        let stored: Vec<Name> = table
            .columns
            .iter()
            .filter(|column| column.generated.is_none())
            .map(|column| column.name.clone())
            .collect();
        let rowid = table.free_rowid_name().filter(|_| table.rowid_alias().is_none());
        let names: Vec<&Name> = rowid.iter().chain(&stored).collect();
        let values: Vec<String> = names.iter().map(|name| format!("quote({})", name.sql())).collect();
        for row in scratch.rows(&format!("SELECT {} FROM {}", values.join(", "), table.name.sql())).await? {
            let values: Vec<&str> = row.iter().map(text).collect();
            let target = sql_list(names.iter().copied());
            connection
                .run(&format!("INSERT OR ABORT INTO {} ({target}) VALUES ({})", table.name.sql(), values.join(", ")))
                .await?;
        }
    }
    Ok(())
}
