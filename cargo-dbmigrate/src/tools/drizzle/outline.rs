//! drizzle-kit's snapshots, as far as they can be compared with what its SQL leads to. The two can disagree: a file was
//! completed by hand, or drizzle-kit's SQL does something else than it thinks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{DeclType, Name};
use serde::Deserialize;

use super::json::{DIALECTS, read_json};
use crate::error::{CommandError, Result};

/// What a snapshot says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    tables: BTreeMap<Name, BTreeMap<Name, ColumnOutline>>,
    /// Each with its table.
    indexes: BTreeMap<Name, Name>,
    views: BTreeSet<Name>,
}

/// What it says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ColumnOutline {
    decl_type: String,
    not_null: bool,
    has_default: bool,
}

#[derive(Deserialize)]
struct Header {
    version: String,
    dialect: String,
}

/// Versions 5 and 6: everything by its name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    tables: BTreeMap<String, NamedTable>,
    /// Since version 6.
    #[serde(default)]
    views: BTreeMap<String, NamedView>,
}

#[derive(Deserialize)]
struct NamedTable {
    name: String,
    columns: BTreeMap<String, NamedColumn>,
    #[serde(default)]
    indexes: BTreeMap<String, NamedIndex>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedColumn {
    name: String,
    #[serde(rename = "type")]
    decl_type: String,
    not_null: bool,
    #[serde(default)]
    default: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct NamedIndex {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedView {
    name: String,
    /// Whether somebody else makes it.
    #[serde(default)]
    is_existing: bool,
}

/// Version 7: a list of everything.
#[derive(Deserialize)]
struct Listed {
    ddl: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(tag = "entityType", rename_all = "camelCase")]
enum Entity {
    Tables {
        name: String,
    },
    #[serde(rename_all = "camelCase")]
    Columns {
        table: String,
        name: String,
        #[serde(rename = "type")]
        decl_type: String,
        not_null: bool,
        #[serde(default)]
        default: Option<serde_json::Value>,
    },
    Indexes {
        table: String,
        name: String,
    },
    #[serde(rename_all = "camelCase")]
    Views {
        name: String,
        #[serde(default)]
        is_existing: bool,
    },
    /// Keys and checks.
    #[serde(other)]
    Other,
}

impl Outline {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// If it is not as drizzle-kit writes it, not for SQLite, or of an unknown version.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let Header { version, dialect } = read_json(path)?;
        if !DIALECTS.contains(&dialect.as_str()) {
            let message = format!("the snapshot is for `{dialect}`, not SQLite or Turso");
            return Err(CommandError::usage(message).at(path.display()));
        }
        match version.as_str() {
            "5" | "6" => Ok(Self::of_named(read_json(path)?)),
            "7" => Ok(Self::of_listed(read_json(path)?)),
            _ => {
                let message = format!("the snapshot has version `{version}`; supported: 5 to 7");
                Err(CommandError::usage(message).at(path.display()).help("upgrade it: `npx drizzle-kit up`"))
            }
        }
    }

    fn of_named(snapshot: Named) -> Self {
        let mut outline = Self::default();
        for table in snapshot.tables.into_values() {
            let name = Name::from(table.name);
            outline.indexes.extend(table.indexes.into_values().map(|index| (Name::from(index.name), name.clone())));
            let columns = table.columns.into_values().map(|column| {
                let has_default = column.default.is_some();
                let outline = ColumnOutline { decl_type: column.decl_type, not_null: column.not_null, has_default };
                (Name::from(column.name), outline)
            });
            outline.tables.insert(name, columns.collect());
        }
        let views = snapshot.views.into_values().filter(|view| !view.is_existing);
        outline.views = views.map(|view| Name::from(view.name)).collect();
        outline
    }

    fn of_listed(snapshot: Listed) -> Self {
        let mut outline = Self::default();
        for entity in snapshot.ddl {
            match entity {
                Entity::Tables { name } => drop(outline.tables.entry(Name::from(name)).or_default()),
                Entity::Columns { table, name, decl_type, not_null, default } => {
                    let column = ColumnOutline { decl_type, not_null, has_default: default.is_some() };
                    outline.tables.entry(Name::from(table)).or_default().insert(Name::from(name), column);
                }
                Entity::Indexes { table, name } => drop(outline.indexes.insert(Name::from(name), Name::from(table))),
                Entity::Views { name, is_existing: false } => drop(outline.views.insert(Name::from(name))),
                Entity::Views { .. } | Entity::Other => {}
            }
        }
        outline
    }

    /// Where the snapshot and the schema that the SQL has led to disagree, as what the SQL has done.
    pub(crate) fn discrepancies(&self, schema: &Schema) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (name, columns) in &self.tables {
            let Some(table) = schema.table(name) else {
                found.insert(format!("no table `{name}`"));
                continue;
            };
            for (column, outline) in columns {
                let place = format!("`{name}.{column}`");
                let Some(column) = table.column(column) else {
                    found.insert(format!("no column {place}"));
                    continue;
                };
                if column.decl_type != DeclType::new(&outline.decl_type) {
                    found.insert(format!("{place} is {}, not {}", column.decl_type, outline.decl_type));
                }
                if column.not_null != outline.not_null {
                    found.insert(format!("{place} is {}NOT NULL", if outline.not_null { "not " } else { "" }));
                }
                if column.default.is_some() != outline.has_default {
                    let what = if outline.has_default { "no" } else { "a" };
                    found.insert(format!("{place} has {what} default"));
                }
            }
            let more = table.columns.iter().filter(|column| !columns.contains_key(&column.name));
            found.extend(more.map(|column| format!("extra column `{name}.{}`", column.name)));
        }
        let tables = schema.tables.iter().map(|table| &table.name);
        let tables = tables.chain(schema.virtual_tables.iter().map(|table| &table.name));
        found
            .extend(tables.filter(|name| !self.tables.contains_key(*name)).map(|name| format!("extra table `{name}`")));
        for (index, table) in &self.indexes {
            // a table that is missing is said to be
            if schema.table(table).is_some_and(|table| !table.indexes.contains(index)) {
                found.insert(format!("no index `{index}` of `{table}`"));
            }
        }
        let views = self.views.iter().filter(|view| !schema.views.contains(view));
        found.extend(views.map(|view| format!("no view `{view}`")));
        found
    }
}
