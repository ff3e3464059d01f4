//! The proof of a migration: executed in memory on the old schema with rows in it, and looked at afterwards.
//!
//! First the *wanted* schema is built on its own: if that fails, the declaration is wrong and its author can mend it.
//! Then the plan runs on the old schema: if that fails, or rows are lost, the planner is wrong, and says so.
//!
//! Both are done with the part of the schema that the change can reach (`scope`), if that is enough.

mod back;
mod excuse;
mod kept;
mod scope;

use thiserror::Error;

pub use crate::diff::differences;
pub use back::{Back, BackError, Returned, RoundTrip, round_trip, try_back};
use excuse::{blame, tables_to_empty};

use super::check::{broken_objects, foreign_key_violations};
use super::connection::{Connection, integer, text};
use super::content::{exact, loose, rows};
use super::error::EngineError;
use super::exercise::faults;
use super::introspect::introspect;
use super::parts::Parts;
use super::populate::{Meant, clear, populate_meant};
use super::view::on_one_line;
use crate::diff::Renames;
use crate::plan::{Plan, create_all};
use crate::schema::validate::{Problem, ProblemKind};
use crate::schema::{Column, Schema, Table};
use crate::sql::name::quote_string;
use crate::sql::{Name, StatementKind, split};

/// What was proven.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// How many generated rows went through the migration.
    pub rows: usize,
    /// Tables for which no row could be generated, so that the migration is proven on the empty table only.
    pub empty: Vec<Name>,
    /// Those of them from whose rows the migration computes something, so that what it does with rows is not shown.
    pub unproven: Vec<Name>,
}

/// Why a migration is not proven.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The wanted schema itself is not one that libSQL accepts.
    #[error("{kind} `{name}`: {message}")]
    Declaration {
        /// What kind of object is wrong.
        kind: &'static str,
        /// Its name.
        name: String,
        /// libSQL's message.
        message: String,
    },
    /// A statement of the plan fails.
    #[error("statement {number} of the migration fails: {error}")]
    Statement {
        /// Which one, counted from 1.
        number: usize,
        /// The statement.
        statement: String,
        /// The engine's error.
        error: EngineError,
    },
    /// An expression of the author's does not work.
    #[error("{object} does not work: {message}")]
    Expression {
        /// What it is the expression of.
        object: String,
        /// The expression.
        expr: String,
        /// libSQL's message.
        message: String,
    },
    /// The result is not the wanted schema.
    #[error("the migration does not produce the wanted schema: {}", differences.join("; "))]
    Structure {
        /// What differs.
        differences: Vec<String>,
    },
    /// Rows are lost or changed.
    #[error("the migration does not keep the rows of `{table}`: {what}")]
    Rows {
        /// The table.
        table: Name,
        /// What is wrong.
        what: String,
    },
    /// Foreign keys are violated that were not before.
    #[error("the migration violates foreign keys of `{table}`")]
    ForeignKeys {
        /// The table.
        table: String,
    },
    /// The engine fails in a way that has nothing to do with the migration.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Checks that libSQL accepts a schema, compiles its views and triggers, and sees the same in it as the model does.
///
/// `view_fields` are the columns that each view is expected to have. What it returns is what libSQL accepts, and then
/// refuses rows for: a database may have that, and a declaration that is new should not.
///
/// # Errors
/// [`ProofError::Declaration`] for the first thing that is wrong.
pub async fn check_declaration(schema: &Schema, view_fields: &[(Name, Vec<Name>)]) -> Result<Vec<Problem>, ProofError> {
    if let Some(found) = check_in_parts(schema, view_fields).await {
        return Ok(found);
    }
    // what is wrong is said by the whole
    check_part(schema, schema, view_fields).await
}

/// The same in several databases. `None` if something is wrong, or if there are no parts.
async fn check_in_parts(schema: &Schema, view_fields: &[(Name, Vec<Name>)]) -> Option<Vec<Problem>> {
    let statements = create_all(schema);
    let statements: Vec<_> = statements.iter().flat_map(|statement| split(statement)).collect();
    let parts = Parts::of_creation(&statements)?;
    let mut found = Vec::new();
    for part in parts.split(schema) {
        found.extend(check_part(schema, &part, view_fields).await.ok()?);
    }
    Some(found)
}

/// The same for a schema that differs from one that was found good `before`: only what differs, and what that reaches,
/// is looked at.
///
/// # Errors
/// As for [`check_declaration`].
pub async fn check_changes(
    before: &Schema,
    schema: &Schema,
    view_fields: &[(Name, Vec<Name>)],
) -> Result<Vec<Problem>, ProofError> {
    let views: Vec<&Name> = view_fields.iter().map(|(view, _)| view).collect();
    match scope::of_declaration(schema, before, &views) {
        Some(part) => check_part(schema, &part, view_fields).await,
        None => check_declaration(schema, view_fields).await,
    }
}

/// Turns foreign keys on, unless a table cannot be written to then: that is one for whoever has them off.
async fn set_foreign_keys(connection: &Connection, schema: &Schema) -> Result<(), EngineError> {
    let has_unusable = schema.problems().iter().any(|problem| problem.kind == ProblemKind::Unusable);
    connection.run(if has_unusable { "PRAGMA foreign_keys = OFF" } else { "PRAGMA foreign_keys = ON" }).await
}

/// Checks a part of the `whole` schema.
async fn check_part(
    whole: &Schema,
    schema: &Schema,
    view_fields: &[(Name, Vec<Name>)],
) -> Result<Vec<Problem>, ProofError> {
    let connection = Connection::in_memory().await?;
    set_foreign_keys(&connection, whole).await?;
    connection.run("BEGIN").await?;
    for statement in create_all(schema) {
        if let Err(error) = connection.run(&statement).await {
            return Err(declaration(&statement, error.message));
        }
    }
    check_compiling(&connection, schema, view_fields).await?;
    let found = introspect(&connection).await?;
    if let Some(unreadable) = found.unreadable.first() {
        let name = unreadable.object.name.to_string();
        return Err(ProofError::Declaration { kind: "object", name, message: unreadable.reason.clone() });
    }
    if let Some(difference) = differences(&found.schema, schema).into_iter().next() {
        let message = format!("libSQL reads it differently: {difference}");
        return Err(ProofError::Declaration { kind: "schema", name: String::new(), message });
    }
    Ok(faults(&connection, schema).await?)
}

/// Checks the views and triggers of a schema on a database that is known to have it.
///
/// # Errors
/// As for [`check_declaration`].
pub async fn check_present(
    connection: &Connection,
    schema: &Schema,
    view_fields: &[(Name, Vec<Name>)],
) -> Result<Vec<Problem>, ProofError> {
    set_foreign_keys(connection, schema).await?;
    check_compiling(connection, schema, view_fields).await?;
    Ok(faults(connection, schema).await?)
}

/// Compiles views and triggers, and compares the columns of views.
async fn check_compiling(
    connection: &Connection,
    schema: &Schema,
    view_fields: &[(Name, Vec<Name>)],
) -> Result<(), ProofError> {
    if let Some(broken) = broken_objects(connection, schema).await?.into_iter().next() {
        let name = broken.name.to_string();
        return Err(ProofError::Declaration { kind: broken.kind, name, message: broken.message });
    }
    let is_checked = |view: &Name| schema.views.get(view).is_some_and(|view| !view.unchecked);
    for (view, fields) in view_fields.iter().filter(|(view, _)| is_checked(view)) {
        let columns = connection.column_names(&format!("SELECT * FROM {} LIMIT 0", view.sql())).await?;
        let columns: Vec<Name> = columns.into_iter().map(Name::from).collect();
        let has = |names: &[Name], wanted: &Name| names.iter().any(|name| on_one_line(name) == on_one_line(wanted));
        let missing = fields.iter().find(|field| !has(&columns, field));
        let extra = columns.iter().find(|column| !has(fields, column));
        let message = match (missing, extra) {
            (Some(field), _) => format!("the struct has a field `{field}`, but the query does not return it"),
            (None, Some(column)) => format!("the query returns `{column}`, but the struct has no field for it"),
            (None, None) => continue,
        };
        return Err(ProofError::Declaration { kind: "view", name: view.to_string(), message });
    }
    Ok(())
}

fn declaration(statement: &str, message: String) -> ProofError {
    use crate::ddl::{Object, read};
    let (kind, name) = match read(statement) {
        Ok(Object::Table(table)) => ("table", table.name.to_string()),
        Ok(Object::Index(table, index)) => ("index", format!("{}` of `{table}", index.name)),
        Ok(Object::View(view)) => ("view", view.name.to_string()),
        Ok(Object::Trigger(trigger)) => ("trigger", trigger.name.to_string()),
        Ok(Object::VirtualTable(table)) => ("virtual table", table.name.to_string()),
        Err(_) => ("statement", statement.lines().next().unwrap_or_default().to_owned()),
    };
    ProofError::Declaration { kind, name, message }
}

/// Proves a plan: see the module.
///
/// # Errors
/// If anything is not as it has to be.
pub async fn prove(old: &Schema, new: &Schema, renames: &Renames, plan: &Plan) -> Result<Proof, ProofError> {
    if scope::are_large(old, new)
        && let Some(Ok(proof)) = prove_part(old, new, renames, plan).await
    {
        return Ok(proof);
    }
    // what is wrong is said by the whole
    prove_tolerating(old, new, renames, plan, &[]).await
}

/// The proof on the part of the schemas that the plan can reach; `None` if that may be all. If it passes, so does the
/// proof on the whole.
pub async fn prove_part(
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    plan: &Plan,
) -> Option<Result<Proof, ProofError>> {
    let (old, new) = scope::of_plan(old, new, renames, plan)?;
    Some(prove_tolerating(&old, &new, renames, plan, &[]).await)
}

/// Proves a plan for a database with views and triggers that need not compile in memory, before or after.
///
/// # Errors
/// If anything else is not as it has to be.
pub async fn prove_tolerating(
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    plan: &Plan,
    tolerated: &[Name],
) -> Result<Proof, ProofError> {
    let mut cleared: Vec<Name> = Vec::new();
    loop {
        let result = prove_without(old, new, renames, plan, &cleared, tolerated).await;
        let Err(error) = result else { return result };
        // without the rows that are the reason, the rest is proven
        let mut more = tables_to_empty(&error, old, new, renames, plan);
        more.retain(|table| !cleared.contains(table));
        if more.is_empty() {
            return Err(blame(error, old, new, plan));
        }
        cleared.extend(more);
    }
}

/// The proof with the tables of `cleared`, by their old names, left empty.
async fn prove_without(
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    plan: &Plan,
    cleared: &[Name],
    tolerated: &[Name],
) -> Result<Proof, ProofError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    connection.run("BEGIN").await?;
    let mut proof = Proof::default();
    let (tables, others): (Vec<String>, Vec<String>) =
        create_all(old).into_iter().partition(|statement| !creates_trigger(statement));
    connection.run_all(&tables).await?;
    let meant = Meant::of(old, new, renames, plan);
    let populated = populate_meant(&connection, old, &meant).await?;
    proof.unproven.extend(meant.judged.into_iter().filter(|table| populated.empty.contains(table)));
    for table in cleared {
        clear(&connection, table).await?;
    }
    proof.rows = populated.rows;
    proof.empty = populated.empty;
    proof.empty.extend(cleared.iter().cloned());
    proof.unproven.extend(cleared.iter().cloned());
    clear_refused(&connection, plan, &mut proof).await?;
    // only now, so that no trigger fires for what fills and clears the tables
    connection.run_all(&others).await?;
    let violations = foreign_key_violations(&connection).await?;
    let pairs = comparisons(old, new, renames, &plan.converted);
    let before = read_all(&connection, &pairs, Side::Old).await?;
    let marks_before = high_water_marks(&connection, old).await?;
    let kept = kept::Before::read(&connection, plan, old, new, renames).await?;

    for (at, statement) in plan.statements().enumerate() {
        connection.run(statement).await.map_err(|error| ProofError::Statement {
            number: at + 1,
            statement: statement.to_owned(),
            error,
        })?;
    }

    let found = introspect(&connection).await?;
    let mut differing = differences(&found.schema, new);
    differing.extend(found.unreadable.iter().map(|object| format!("`{}` cannot be read", object.object.name)));
    if !differing.is_empty() {
        return Err(ProofError::Structure { differences: differing });
    }
    let after = read_all(&connection, &pairs, Side::New).await?;
    for ((pair, before), after) in pairs.iter().zip(&before).zip(&after) {
        pair.compare(before, after)?;
    }
    kept.compare(&connection, old).await?;
    let marks_after = high_water_marks(&connection, new).await?;
    for (table, mark) in marks_before {
        let renamed = renames.tables.iter().find(|(from, _)| *from == table).map_or(&table, |(_, to)| to);
        let both = new.table(renamed).is_some_and(Table::is_autoincrement) && old.table(&table).is_some();
        let kept = marks_after.iter().any(|(name, after)| name == renamed && *after == mark);
        if both && !kept && pairs.iter().any(|pair| pair.new.name == *renamed) {
            let what = "the AUTOINCREMENT high-water mark changes".to_owned();
            return Err(ProofError::Rows { table: renamed.clone(), what });
        }
    }
    let now = foreign_key_violations(&connection).await?;
    if let Some(((table, _, _), _)) = now.iter().find(|(key, count)| violations.get(*key).is_none_or(|was| was < count))
    {
        return Err(ProofError::ForeignKeys { table: table.clone() });
    }
    let mut broken = broken_objects(&connection, new).await?.into_iter();
    if let Some(broken) = broken.find(|object| !tolerated.contains(&object.name)) {
        let message = format!("{} {} does not compile: {}", broken.kind, broken.name, broken.message);
        return Err(ProofError::Structure { differences: vec![message] });
    }
    Ok(proof)
}

/// Takes out the rows that the migration is right to refuse, and goes on without them. Rows that refer to those are
/// refused in their turn, so it is asked again until nothing is left to take out.
async fn clear_refused(connection: &Connection, plan: &Plan, proof: &mut Proof) -> Result<(), ProofError> {
    loop {
        let mut found = false;
        for preflight in &plan.preflights {
            let row = connection.first_row_shown(&preflight.query).await;
            let row = row.map_err(|error| preflight_error(&preflight.query, error))?;
            if row.is_some() && !proof.empty.contains(&preflight.table) {
                clear(connection, &preflight.table).await?;
                proof.empty.push(preflight.table.clone());
                found = true;
            }
        }
        if !found {
            return Ok(());
        }
    }
}

fn preflight_error(query: &str, error: EngineError) -> ProofError {
    ProofError::Statement { number: 0, statement: query.to_owned(), error }
}

fn creates_trigger(statement: &str) -> bool {
    split(statement).first().is_some_and(|statement| statement.kind == StatementKind::CreateTrigger)
}

async fn high_water_marks(connection: &Connection, schema: &Schema) -> Result<Vec<(Name, i64)>, EngineError> {
    if !schema.tables.iter().any(Table::is_autoincrement) {
        return Ok(Vec::new());
    }
    let found = connection.rows("SELECT name, seq FROM sqlite_sequence").await?;
    Ok(found.iter().map(|row| (Name::from(text(&row[0])), integer(&row[1]))).collect())
}

/// A table that is in both schemas, and what of its rows can be compared.
struct Comparison<'a> {
    old: &'a Table,
    new: &'a Table,
    /// Expressions for the identity of a row, old and new.
    identity: Vec<(String, String)>,
    /// Expressions for its values, old and new, and whether NULL may have been filled.
    values: Vec<(String, String, bool)>,
}

enum Side {
    Old,
    New,
}

fn comparisons<'a>(
    old: &'a Schema,
    new: &'a Schema,
    renames: &Renames,
    converted: &[(Name, Name)],
) -> Vec<Comparison<'a>> {
    let pair = |after: &'a Table| {
        let before = old.table(renames.table_before(&after.name)?)?;
        Some(Comparison::of(before, after, renames, converted))
    };
    new.tables.iter().filter_map(pair).collect()
}

impl<'a> Comparison<'a> {
    fn of(old: &'a Table, new: &'a Table, renames: &Renames, converted: &[(Name, Name)]) -> Self {
        // what an expression makes of a value is what somebody asked for
        let is_converted = |column: &Name| converted.iter().any(|(on, one)| *on == new.name && one == column);
        let old_column = |column: &Column| -> Option<&'a Column> {
            renames.column_before(&new.name, &column.name).and_then(|name| old.column(name))
        };
        let is_filled = |column: &Column, before: &Column| new.rejects_null(column) && !old.rejects_null(before);
        let mut values = Vec::new();
        let stored = new.columns.iter().filter(|column| column.generated.is_none());
        for column in stored.filter(|column| !is_converted(&column.name)) {
            let Some(before) = old_column(column) else { continue };
            let same_affinity = old.affinity(before) == new.affinity(column);
            let encode = if same_affinity { exact } else { loose };
            values.push((encode(&before.name.sql()), encode(&column.name.sql()), is_filled(column, before)));
        }
        let rowid = |name: Name| format!("CAST({} AS TEXT)", name.sql());
        let same_alias = match (old.rowid_alias(), new.rowid_alias()) {
            (_, None) => true,
            (_, Some(after)) if is_converted(&after.name) => false,
            (Some(before), Some(after)) => old_column(after).is_some_and(|column| column.name == before.name),
            (None, Some(_)) => false,
        };
        let identity = match (old.free_rowid_name(), new.free_rowid_name()) {
            (Some(before), Some(after)) if same_alias => vec![(rowid(before), rowid(after))],
            _ => {
                let key = new.primary_key.iter().flat_map(|key| &key.parts);
                let key = key.filter(|part| !is_converted(&part.column));
                let columns = key.filter_map(|part| new.column(&part.column));
                let columns: Vec<_> = columns.filter_map(|column| Some((column, old_column(column)?))).collect();
                // rows that get another value in their key are not known by it
                let is_known = !columns.iter().any(|(column, before)| is_filled(column, before));
                let columns = columns.into_iter().filter(|_| is_known);
                columns.map(|(column, before)| (loose(&before.name.sql()), loose(&column.name.sql()))).collect()
            }
        };
        if identity.is_empty() {
            // without an identity, rows are matched by their values, so all of these must be known
            values.retain(|(_, _, filled)| !filled);
        }
        Self { old, new, identity, values }
    }

    async fn read(&self, connection: &Connection, side: &Side) -> Result<Vec<Vec<String>>, EngineError> {
        let pick = |(old, new): (&String, &String)| match side {
            Side::Old => old.clone(),
            Side::New => new.clone(),
        };
        let identity = self.identity.iter().map(|(old, new)| pick((old, new)));
        let values = self.values.iter().map(|(old, new, _)| pick((old, new)));
        let table = match side {
            Side::Old => &self.old.name,
            Side::New => &self.new.name,
        };
        rows(connection, table, &identity.chain(values).collect::<Vec<_>>()).await
    }

    fn compare(&self, before: &[Vec<String>], after: &[Vec<String>]) -> Result<(), ProofError> {
        let error = |what: String| Err(ProofError::Rows { table: self.new.name.clone(), what });
        if before.len() != after.len() {
            return error(format!("{} rows before, {} after", before.len(), after.len()));
        }
        for (old, new) in before.iter().zip(after) {
            for (at, (one, two)) in old.iter().zip(new).enumerate() {
                let value = at.checked_sub(self.identity.len()).and_then(|at| self.values.get(at));
                let may_be_filled = value.is_some_and(|(_, _, filled)| *filled) && (one == "NULL" || one.is_empty());
                if one != two && !may_be_filled {
                    let what = value.map_or("its identity", |(_, new, _)| new.as_str());
                    return error(format!("{} becomes {} ({what})", quote_string(one), quote_string(two)));
                }
            }
        }
        Ok(())
    }
}

async fn read_all(
    connection: &Connection,
    pairs: &[Comparison<'_>],
    side: Side,
) -> Result<Vec<Vec<Vec<String>>>, EngineError> {
    let mut all = Vec::with_capacity(pairs.len());
    for pair in pairs {
        all.push(pair.read(connection, &side).await?);
    }
    Ok(all)
}
