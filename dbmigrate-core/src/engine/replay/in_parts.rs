//! A history replayed in several databases in memory, each of which gets a part of every migration.

use crate::engine::apply::{Database, Prepared};
use crate::engine::connection::Connection;
use crate::engine::parts::Parts;
use crate::engine::prove::{ProofError, check_present};
use crate::folder::{Checksum, Folder, Script};
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;
use crate::schema::validate::Problem;
use crate::sql::Name;

pub use crate::engine::parts::OBJECTS_IN_A_PART;

/// What a history leads to: one database, or several that have its schema together.
pub struct Replayed {
    connections: Vec<Connection>,
    parts: Option<Parts>,
}

/// Replays the migrations of a folder, each with its checks, in databases of about so many objects each:
/// [`OBJECTS_IN_A_PART`] where there is no reason for another number. If this succeeds, so does the replay in one database.
///
/// `None` if it does not succeed, or if the history has no parts worth the name: what there is to say is said by
/// the replay in one database.
pub async fn replay_in_parts(folder: &Folder, objects: usize) -> Option<Replayed> {
    let migrations = folder.migrations();
    let texts: Vec<_> = migrations.iter().map(|migration| folder.sql(migration)).collect::<Result<_, _>>().ok()?;
    let files: Vec<_> = migrations.iter().map(|migration| folder.sql_path(migration)).collect();
    let scripts = texts.iter().zip(&files).map(|(text, file)| Script::parse(text, file));
    let scripts: Vec<Script<'_>> = scripts.collect::<Result<_, _>>().ok()?;
    // what a script promises of its own statements is judged where it is applied as a whole
    if scripts.iter().any(|script| script.broken_promise(|| None).is_some()) {
        return None;
    }
    let parts = Parts::of_history(&scripts, objects)?;
    let mut databases = Vec::with_capacity(parts.count());
    for _ in 0..parts.count() {
        databases.push(Database::from_connection(Connection::in_memory().await.ok()?));
    }
    let mut hashes = vec![SchemaHash::default(); parts.count()];
    for (at, ((migration, file), script)) in migrations.iter().zip(&files).zip(&scripts).enumerate() {
        for (part, script) in split(&parts, at, script) {
            let prepared = Prepared { migration, file: file.clone(), script, drift: None };
            hashes[part] = databases[part].apply_part(&prepared).await.ok()?;
        }
        let mut hash = SchemaHash::default();
        for part in &hashes {
            hash.add_all(*part);
        }
        if Checksum::from(hash) != migration.schema {
            return None;
        }
    }
    let connections = databases.into_iter().map(Database::into_connection).collect();
    Some(Replayed { connections, parts: Some(parts) })
}

/// A script as scripts for the parts that it is about, in no particular order.
fn split<'a>(parts: &Parts, at: usize, script: &Script<'a>) -> Vec<(usize, Script<'a>)> {
    let mut split: Vec<Option<Script<'a>>> = vec![None; parts.count()];
    let empty = || Script {
        after_deploy: None,
        statements: Vec::new(),
        preflights: Vec::new(),
        allows: script.allows.clone(),
        keeps: script.keeps.clone(),
        // there is nothing that anybody would be told of
        restores: Vec::new(),
        no_transaction: false,
        limits: crate::folder::script::Limits::default(),
        // what is replayed is the SQL around it
        rust: None,
        // nobody waits for them: the plain way
        rebuilds: Vec::new(),
        online: None,
        batched: Vec::new(),
        undo: None,
    };
    for (preflight, part) in script.preflights.iter().zip(parts.of_preflights(at)) {
        split[*part].get_or_insert_with(empty).preflights.push(preflight.clone());
    }
    for (statement, part) in script.statements.iter().zip(parts.of_statements(at)) {
        split[*part].get_or_insert_with(empty).statements.push(*statement);
    }
    split.into_iter().enumerate().filter_map(|(part, script)| Some((part, script?))).collect()
}

impl Replayed {
    /// The history was replayed in one database.
    pub fn whole(connection: Connection) -> Self {
        Self { connections: vec![connection], parts: None }
    }

    /// As [`check_present`] for the schema that the migrations led to.
    ///
    /// # Errors
    /// As for [`check_present`].
    pub async fn check(&self, schema: &Schema, view_fields: &[(Name, Vec<Name>)]) -> Result<Vec<Problem>, ProofError> {
        let schemas = match &self.parts {
            Some(parts) => parts.split(schema),
            None => vec![schema.clone()],
        };
        let mut found = Vec::new();
        for (connection, schema) in self.connections.iter().zip(&schemas) {
            found.extend(check_present(connection, schema, view_fields).await?);
        }
        Ok(found)
    }
}
