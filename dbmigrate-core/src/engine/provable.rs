//! What of a database a proof can have: a database in memory has no modules and functions that only an application
//! brings along, nor what cannot be read or is ignored, and a view that compiles nowhere proves nothing.

use super::check::broken_objects;
use super::connection::Connection;
use super::error::EngineError;
use crate::ddl::render;
use crate::plan::besides::Besides;
use crate::schema::Schema;
use crate::sql::Name;

/// Something that is left alone and cannot be part of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// `table`, `virtual table`, `view` or `trigger`.
    pub kind: &'static str,
    /// Its name.
    pub name: Name,
    /// Why.
    pub message: String,
}

/// What of `besides` a database in memory cannot have, or does not compile there. `schema` is all that is there before.
///
/// # Errors
/// If there is no database in memory.
pub async fn left_out(schema: &Schema, besides: &Besides) -> Result<Vec<LeftOut>, EngineError> {
    let mut out: Vec<LeftOut> = Vec::new();
    if besides.is_empty() {
        return Ok(out);
    }
    let connection = Connection::in_memory().await?;
    connection.run("BEGIN").await?;
    let leave = |kind, name: &Name, message| LeftOut { kind, name: name.clone(), message };
    for table in &schema.tables {
        let indexes = table.indexes.iter().map(|index| render::create_index(&table.name, index));
        let statements: Vec<String> = std::iter::once(render::create_table(table)).chain(indexes).collect();
        let result = connection.run_all(&statements).await;
        let failed = result.err().filter(|_| besides.tables.contains(&table.name));
        out.extend(failed.map(|error| leave("table", &table.name, error.message)));
    }
    // SQLite creates a view without looking at what it reads, and a full-text index may read one
    for view in &schema.views {
        connection.run(&render::create_view(view)).await?;
    }
    for table in &schema.virtual_tables {
        let result = connection.run(&render::create_virtual_table(table)).await;
        let failed = result.err().filter(|_| besides.tables.contains(&table.name));
        out.extend(failed.map(|error| leave("virtual table", &table.name, error.message)));
    }
    if besides.views.is_empty() && besides.triggers.is_empty() {
        return Ok(out);
    }
    for trigger in &schema.triggers {
        let result = connection.run(&render::create_trigger(trigger)).await;
        let failed = result.err().filter(|_| besides.triggers.contains(&trigger.name));
        out.extend(failed.map(|error| leave("trigger", &trigger.name, error.message)));
    }
    for broken in broken_objects(&connection, schema).await? {
        let names = if broken.kind == "view" { &besides.views } else { &besides.triggers };
        let is_out = out.iter().any(|object| object.kind == broken.kind && object.name == broken.name);
        if names.contains(&broken.name) && !is_out {
            out.push(leave(broken.kind, &broken.name, broken.message));
        }
    }
    Ok(out)
}

/// A schema without these.
pub fn without(schema: &Schema, out: &[LeftOut]) -> Schema {
    let mut schema = schema.clone();
    for LeftOut { kind, name, .. } in out {
        schema.remove(kind, name);
    }
    schema
}
