//! What is in the package and can be a value: migrations, targets, tables and columns, sets of rows.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::OnceLock;

use clap_complete::engine::CompletionCandidate;
use dbmigrate_core::config::{ALL_TARGETS, DEMO, PRODUCTION};
use dbmigrate_core::lint::Levels;
use dbmigrate_core::plan::Lint;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::path::{part, path};

use crate::project::Context;
use crate::structs;
use crate::tools::TOOLS;

/// The package, looked at when something of it is wanted.
pub(super) struct Known {
    context: Option<Context>,
    schemas: OnceLock<(Schema, Schema)>,
}

/// The flags of `repair` that name a migration.
const REPAIRED: [&str; 5] = ["edited", "renamed", "snapshot", "applied", "not_applied"];

/// The flags that set the levels of lints.
const LEVELS: [&str; 3] = ["allow", "warn", "deny"];

impl Known {
    pub(super) fn of(context: impl FnOnce() -> Option<Context>) -> Self {
        Self { context: context(), schemas: OnceLock::new() }
    }

    /// Whether an argument has values that are known from the package.
    pub(super) fn has_values(id: &str) -> bool {
        let others = [
            "to", "from", "name", "target", "yes", "accept", "rename", "backfill", "convert", "tables", "set", "lint",
            "database",
        ];
        others.contains(&id) || LEVELS.contains(&id) || REPAIRED.contains(&id)
    }

    /// The values of an argument of a command that begin with what was typed.
    pub(super) fn values(&self, command: &str, id: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
        let Some(typed) = typed.to_str() else { return Vec::new() };
        let mut values = match id {
            "to" | "from" if command == "diff" => self.sides(),
            "from" if command == "pull" => TOOLS.iter().map(|tool| tool.about().name.to_owned()).collect(),
            "to" | "name" => self.migrations(),
            id if REPAIRED.contains(&id) => self.migrations(),
            "target" | "yes" => self.targets(),
            "accept" => self.losses(command, typed),
            "rename" => self.renames(typed),
            "backfill" | "convert" => columns(&self.schemas().1).into_iter().map(|column| column + "=").collect(),
            "tables" => self.schemas().0.object_names().map(|name| part(name.as_str())).collect(),
            "set" => self.sets(),
            "database" => self.databases(),
            "lint" => Levels::names().filter(|name| *name != "warnings").map(str::to_owned).collect(),
            id if LEVELS.contains(&id) => Levels::names().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let mut seen = BTreeSet::new();
        values.retain(|value| value.starts_with(typed) && seen.insert(value.clone()));
        values.into_iter().map(CompletionCandidate::new).collect()
    }

    fn migrations(&self) -> Vec<String> {
        let folder = self.context.as_ref().and_then(|context| context.folder_as_listed().ok());
        let names = |folder: &dbmigrate_core::folder::Folder| {
            folder.migrations().iter().map(|migration| migration.name.to_string()).collect()
        };
        folder.as_ref().map(names).unwrap_or_default()
    }

    fn sides(&self) -> Vec<String> {
        let words = ["structs", "head", "database", "empty"].map(str::to_owned);
        words.into_iter().chain(self.migrations()).collect()
    }

    fn databases(&self) -> Vec<String> {
        let config = self.context.as_ref().map(|context| &context.config);
        config.map(|config| config.database_names().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn targets(&self) -> Vec<String> {
        let configs = self.context.iter().map(|context| &context.config);
        let all = configs.flat_map(|config| config.targets.iter().chain(&config.other_targets));
        let own = all.map(|target| target.name.clone());
        own.chain([PRODUCTION, DEMO, ALL_TARGETS].map(str::to_owned)).collect()
    }

    /// The folders of sets.
    fn sets(&self) -> Vec<String> {
        let root = self.context.as_ref().map(|context| context.package.root.join(&context.config.seeds));
        let entries = root.and_then(|root| std::fs::read_dir(root).ok()).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut sets: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        sets.sort();
        sets
    }

    /// The schema of the last migration, and that of the structs. Where one is not known, the other stands for it.
    fn schemas(&self) -> &(Schema, Schema) {
        self.schemas.get_or_init(|| {
            let Some(context) = &self.context else { return (Schema::default(), Schema::default()) };
            let head = context.folder_as_listed().and_then(|folder| Ok(folder.head_schema()?)).ok();
            let declared = structs::glance(context).map(|declared| declared.schema);
            match (head, declared) {
                (Some(head), Some(declared)) => (head, declared),
                (Some(one), None) | (None, Some(one)) => (one.clone(), one),
                (None, None) => (Schema::default(), Schema::default()),
            }
        })
    }

    /// What `--accept` takes: first the lint, then its object.
    fn losses(&self, command: &str, typed: &str) -> Vec<String> {
        let words: &[&str] = match command {
            "push" => &["all", "history", "keep_table:", "drop_view:"],
            "reset" => &["all", "rows"],
            "seed" => &["delete_rows:"],
            "generate" => &["all"],
            _ => &[],
        };
        let Some((word, _)) = typed.split_once(':') else {
            let lints = Lint::ALL.iter().filter(|_| command != "seed").map(|lint| format!("{}:", lint.name()));
            return lints.chain(words.iter().map(|word| (*word).to_owned())).collect();
        };
        let (old, new) = self.schemas();
        let objects = match word {
            "drop_table" | "keep_table" => gone(tables(old), &tables(new)),
            "delete_rows" => tables(new),
            "drop_view" => old.views.iter().map(|view| path([&view.name])).collect(),
            "drop_column" => gone(columns(old), &columns(new)),
            _ => columns(new),
        };
        objects.into_iter().map(|object| format!("{word}:{object}")).collect()
    }

    /// What `--rename` takes: first what is gone, then what is new.
    fn renames(&self, typed: &str) -> Vec<String> {
        let (old, new) = self.schemas();
        let Some((from, _)) = typed.split_once('=') else {
            let (old_tables, new_tables) = (tables(old), tables(new));
            let is_there = |column: &String| new_tables.iter().any(|table| column.starts_with(&format!("{table}.")));
            let gone_tables: Vec<String> = old_tables.into_iter().filter(|table| !new_tables.contains(table)).collect();
            let new_columns = columns(new);
            let gone_columns = columns(old).into_iter().filter(|one| is_there(one) && !new_columns.contains(one));
            let all: Vec<String> = gone_tables.into_iter().chain(gone_columns).collect();
            let all = if all.is_empty() { tables(old).into_iter().chain(columns(old)).collect() } else { all };
            return all.into_iter().map(|name| name + "=").collect();
        };
        let to: Vec<String> = match from.rsplit_once('.') {
            Some((table, _)) => {
                let of = |schema: &Schema| -> Vec<String> {
                    let tables = schema.tables.iter().filter(|one| path([&one.name]) == table);
                    tables.flat_map(|table| table.columns.iter().map(|column| path([&column.name]))).collect()
                };
                gone(of(new), &of(old))
            }
            None => gone(tables(new), &tables(old)),
        };
        to.into_iter().map(|to| format!("{from}={to}")).collect()
    }
}

/// Those of `all` that are not among the others; all, if that would be none.
fn gone(all: Vec<String>, others: &[String]) -> Vec<String> {
    let gone: Vec<String> = all.iter().filter(|name| !others.contains(name)).cloned().collect();
    if gone.is_empty() { all } else { gone }
}

fn tables(schema: &Schema) -> Vec<String> {
    schema.tables.iter().map(|table| path([&table.name])).collect()
}

fn columns(schema: &Schema) -> Vec<String> {
    let of = |table: &dbmigrate_core::schema::Table| -> Vec<String> {
        table.columns.iter().map(|column| path([&table.name, &column.name])).collect()
    };
    schema.tables.iter().flat_map(of).collect()
}
