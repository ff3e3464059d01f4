//! What of a database a proof can have: a database in memory has no modules and functions that only an application
//! brings along, and a view that compiles nowhere proves nothing.

use super::check::Broken;
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

/// What of `besides` a database in memory cannot have: tables that it does not create, what is `broken` already, and
/// views and triggers over these. `schema` has them all.
///
/// # Errors
/// If there is no database in memory.
pub async fn left_out(schema: &Schema, besides: &Besides, broken: &[Broken]) -> Result<Vec<LeftOut>, EngineError> {
    let mut out: Vec<LeftOut> = Vec::new();
    if besides.is_empty() {
        return Ok(out);
    }
    let connection = Connection::in_memory().await?;
    for name in &besides.tables {
        let (kind, statements) = if let Some(table) = schema.table(name) {
            let indexes = table.indexes.iter().map(|index| render::create_index(name, index));
            ("table", std::iter::once(render::create_table(table)).chain(indexes).collect())
        } else if let Some(table) = schema.virtual_tables.get(name) {
            ("virtual table", vec![render::create_virtual_table(table)])
        } else {
            continue;
        };
        if let Err(error) = connection.run_all(&statements).await {
            out.push(LeftOut { kind, name: name.clone(), message: error.message });
        }
    }
    let is_broken = |kind: &str, name: &Name| {
        broken.iter().find(|object| object.kind == kind && object.name == *name).map(|object| object.message.clone())
    };
    let mut views: Vec<&Name> = besides.views.iter().collect();
    // a view over a view that is out is out as well
    while let Some((at, message)) = views.iter().enumerate().find_map(|(at, name)| {
        let view = schema.views.get(name)?;
        let over = out.iter().find(|object| view.query.mentions(&object.name));
        let reason = is_broken("view", name).or_else(|| over.map(|object| format!("it reads `{}`", object.name)));
        reason.map(|reason| (at, reason))
    }) {
        out.push(LeftOut { kind: "view", name: views.remove(at).clone(), message });
    }
    for name in &besides.triggers {
        let Some(trigger) = schema.triggers.get(name) else { continue };
        let over = out.iter().find(|object| object.kind != "trigger" && trigger.mentions(&object.name));
        let reason = is_broken("trigger", name).or_else(|| over.map(|object| format!("it uses `{}`", object.name)));
        out.extend(reason.map(|message| LeftOut { kind: "trigger", name: name.clone(), message }));
    }
    Ok(out)
}

/// A schema without these.
pub fn without(schema: &Schema, out: &[LeftOut]) -> Schema {
    let mut schema = schema.clone();
    for LeftOut { kind, name, .. } in out {
        match *kind {
            "table" => drop(schema.tables.remove(name)),
            "virtual table" => drop(schema.virtual_tables.remove(name)),
            "view" => drop(schema.views.remove(name)),
            _ => drop(schema.triggers.remove(name)),
        }
    }
    schema
}
