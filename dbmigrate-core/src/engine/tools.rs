//! Tools that people migrated with before this one, as far as a database shows them: the tables in which they record what
//! they have applied. Those stay where they are, and are part of no schema.
//!
//! The names and columns are those that the tools write unless they are told otherwise. A table that has one of the names
//! and other columns is its user's.

use super::stored::StoredObject;
use crate::ddl::{self, Object};

/// A tool, and what it leaves in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Its name in commands and in the history: `sqlx`.
    pub name: &'static str,
    /// Its name in a sentence.
    pub title: &'static str,
    /// Its tables with the columns that they can have; without any, whatever they have.
    tables: &'static [(&'static str, &'static [&'static str])],
}

/// All that are known. Sources of the formats: the files of `cargo-dbmigrate/src/tools`.
pub static TOOLS: [Tool; 14] = [
    Tool {
        name: "sqlx",
        title: "sqlx",
        tables: &[(
            "_sqlx_migrations",
            &["version", "description", "installed_on", "success", "checksum", "execution_time"],
        )],
    },
    Tool { name: "diesel", title: "diesel", tables: &[("__diesel_schema_migrations", &["version", "run_on"])] },
    Tool {
        name: "refinery",
        title: "refinery",
        tables: &[("refinery_schema_history", &["version", "name", "applied_on", "checksum"])],
    },
    Tool { name: "rusqlite_migration", title: "rusqlite_migration", tables: &[] },
    Tool { name: "sea-orm", title: "sea-orm", tables: &[("seaql_migrations", &["version", "applied_at"])] },
    Tool { name: "geni", title: "geni", tables: &[(SCHEMA_MIGRATIONS, SCHEMA_MIGRATIONS_COLUMNS)] },
    Tool { name: "dbmate", title: "dbmate", tables: &[(SCHEMA_MIGRATIONS, SCHEMA_MIGRATIONS_COLUMNS)] },
    Tool { name: "golang-migrate", title: "golang-migrate", tables: &[(SCHEMA_MIGRATIONS, SCHEMA_MIGRATIONS_COLUMNS)] },
    Tool { name: "drizzle", title: "drizzle-kit", tables: &[("__drizzle_migrations", &[])] },
    Tool {
        name: "prisma",
        title: "Prisma",
        tables: &[(
            "_prisma_migrations",
            &[
                "id",
                "checksum",
                "finished_at",
                "migration_name",
                "logs",
                "rolled_back_at",
                "started_at",
                "applied_steps_count",
            ],
        )],
    },
    Tool { name: "wrangler", title: "wrangler", tables: &[("d1_migrations", &["id", "name", "applied_at"])] },
    Tool { name: "alembic", title: "Alembic", tables: &[("alembic_version", &["version_num"])] },
    Tool {
        name: "rails",
        title: "Rails",
        tables: &[
            (SCHEMA_MIGRATIONS, SCHEMA_MIGRATIONS_COLUMNS),
            ("ar_internal_metadata", &["key", "value", "created_at", "updated_at"]),
        ],
    },
    Tool { name: "sql", title: "another program", tables: &[] },
];

/// The name that several tools have chosen, each with other columns.
const SCHEMA_MIGRATIONS: &str = "schema_migrations";
const SCHEMA_MIGRATIONS_COLUMNS: &[&str] = &["version", "dirty", "id"];

/// The tool of that name.
pub fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Whether an object is a table in which a tool records what it has applied.
pub(super) fn is_record(object: &StoredObject) -> bool {
    if object.kind != "table" {
        return false;
    }
    let folded = object.name.folded();
    let tables = TOOLS.iter().flat_map(|tool| tool.tables);
    let mut named = tables.filter(|(name, _)| *name == folded).map(|(_, columns)| columns).peekable();
    if named.peek().is_none() {
        return false;
    }
    let Ok(Object::Table(table)) = ddl::read(&object.sql) else { return false };
    let is_known = |columns: &[&str]| {
        columns.is_empty() || table.columns.iter().all(|column| columns.contains(&column.name.folded().as_str()))
    };
    named.any(|columns| is_known(columns))
}
