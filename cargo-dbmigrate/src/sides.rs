//! Schemas by the word that is typed for them: of the structs, a snapshot, nothing, or a database. What `diff` compares
//! and `diagram` draws.

use std::path::Path;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::folder::{Folder, Migration, Snapshot, Verify};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::open;
use crate::error::{CommandError, Result, did_you_mean};
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};
use crate::source::Declared;
use crate::structs;

/// The words that are neither a migration nor a database.
const WORDS: [&str; 4] = ["structs", "head", "empty", "database"];

/// A side as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the structs declare.
    Structs,
    /// The last snapshot.
    Head,
    /// Nothing at all.
    Empty,
    /// The snapshot of a migration, by its name or number, or the database of a target.
    Migration(String),
    /// The database of `--url`, the environment or the configuration.
    Database,
    /// Another database: a path or URL.
    Other(String),
}

impl Side {
    /// Reads a side. What contains `/`, `\`, `.` or `:` is a database, anything else a word or a migration, so that a
    /// file never hides a migration and no migration a file.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            _ if text.contains(['/', '\\', '.', ':']) => Self::Other(text.to_owned()),
            "structs" => Self::Structs,
            "head" => Self::Head,
            "empty" => Self::Empty,
            "database" => Self::Database,
            _ if !text.is_empty() && text.bytes().all(|byte| byte == b'0') => Self::Empty,
            _ => Self::Migration(text.to_owned()),
        }
    }
}

/// A side with what it holds.
pub(crate) struct Loaded {
    /// What it is called in JSON: `structs`, `empty`, a migration's name, or a database.
    pub(crate) label: String,
    /// What it is called in a sentence.
    pub(crate) shown: String,
    pub(crate) schema: Schema,
    /// Objects of a database that the model cannot represent.
    pub(crate) unreadable: Vec<Unreadable>,
    /// The renames by attribute that were made before it.
    pub(crate) renamed_from: Vec<String>,
    /// The structs, if it is they.
    pub(crate) declared: Option<Declared>,
    /// Whether migrations were applied to it.
    pub(crate) has_history: bool,
}

/// Reads a side. `flag` is what it was typed for, `connect` says what `database` is.
///
/// # Errors
/// If there is no such thing, or it cannot be read.
pub(crate) fn load(context: &Context, side: &Side, flag: &'static str, connect: &Connect) -> Result<Loaded> {
    match side {
        Side::Structs => {
            let declared = structs::read_all(context)?;
            let (schema, renamed_from) = (declared.schema.clone(), structs::renamed_from(&declared));
            let (label, shown) = ("structs".to_owned(), "the structs".to_owned());
            let declared = Some(declared);
            Ok(Loaded { label, shown, schema, unreadable: Vec::new(), renamed_from, declared, has_history: false })
        }
        Side::Empty => Ok(empty()),
        Side::Head => {
            let folder = folder(context)?;
            match folder.head() {
                Some(head) => snapshot(&folder, head),
                None => Ok(empty()),
            }
        }
        Side::Migration(text) if context.is_target(text) => {
            let url = context.target(text, connect)?;
            open_or_empty(context, &url)
        }
        Side::Migration(text) => {
            let folder = folder(context)?;
            let migration = find(&folder, text, flag)?;
            snapshot(&folder, migration)
        }
        Side::Database => {
            let url = context.database(connect)?;
            open_or_empty(context, &url)
        }
        Side::Other(text) => {
            let url = context.database_at(text, flag, connect)?;
            if !file::exists(&url)? {
                return Err(CommandError::failed(format!("`{flag} {url}`: no such file")));
            }
            database(context, &url)
        }
    }
}

/// A database that is named. One that is not there yet is empty, as for `migrate` and `push`, which would make it.
fn open_or_empty(context: &Context, url: &DatabaseUrl) -> Result<Loaded> {
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    if file::exists(url)? {
        return database(context, url);
    }
    let shown = format!("{url} (the file does not exist yet)");
    Ok(Loaded { label: url.to_string(), shown, ..empty() })
}

fn empty() -> Loaded {
    Loaded {
        label: "empty".to_owned(),
        shown: "the empty schema".to_owned(),
        schema: Schema::default(),
        unreadable: Vec::new(),
        renamed_from: Vec::new(),
        declared: None,
        has_history: false,
    }
}

fn snapshot(folder: &Folder, migration: &Migration) -> Result<Loaded> {
    let Snapshot { schema, renamed_from } = folder.snapshot_at(migration)?;
    let name = migration.name.to_string();
    Ok(Loaded { label: name.clone(), shown: name, schema, renamed_from, ..empty() })
}

fn folder(context: &Context) -> Result<Folder> {
    let folder = context.existing_folder()?;
    folder.verify(Verify::Listing)?;
    Ok(folder)
}

/// The migration of that name or number.
fn find<'f>(folder: &'f Folder, text: &str, flag: &str) -> Result<&'f Migration> {
    if let Some(migration) = folder.find(text) {
        return Ok(migration);
    }
    let all = folder.migrations();
    let error =
        CommandError::usage(format!("`{flag} {text}` is neither a migration nor one of `{}`", WORDS.join("`, `")));
    let names = all.iter().map(|migration| migration.name.as_str());
    let slug = all.iter().find(|migration| migration.name.slug() == text);
    let close =
        slug.map(|migration| migration.name.as_str()).or_else(|| did_you_mean(text, WORDS.into_iter().chain(names)));
    Err(match close {
        _ if Path::new(text).exists() => error.help(format!("the file: `{}`", shell_flag(flag, &format!("./{text}")))),
        Some(close) => error.help(format!("did you mean `{}`?", shell_flag(flag, close))),
        None => error.help("list the migrations: `cargo dbmigrate status`").help("a database is a path: `./dev.db`"),
    })
}

fn database(context: &Context, url: &DatabaseUrl) -> Result<Loaded> {
    let mut target = open(context, url, false)?;
    let shown = url.to_string();
    let failed = |error| engine_error("cannot read the schema", &error, url.into()).note("nothing was changed");
    let history = block_on(target.history()).map_err(failed)?;
    let found = block_on(target.introspected()).map_err(failed)?;
    // a folder that is not in order is no reason not to look at a database
    let last = history.last().and_then(|record| {
        let folder = context.folder().ok()?;
        let snapshot = folder.snapshot_at(folder.behind_record(&record.name)?).ok()?;
        Some(snapshot.renamed_from)
    });
    Ok(Loaded {
        label: shown.clone(),
        shown,
        schema: found.schema,
        unreadable: found.unreadable,
        renamed_from: last.unwrap_or_default(),
        declared: None,
        has_history: !history.is_empty(),
    })
}

/// The renames by attribute that lie between two sides; none where the second one is not the structs.
pub(crate) fn renames(from: &Loaded, to: &Loaded) -> Renames {
    let Some(declared) = &to.declared else { return Renames::default() };
    let old = Snapshot { schema: from.schema.clone(), renamed_from: from.renamed_from.clone() };
    let mut renames = structs::pending_renames(declared, &old);
    // an attribute about something that was not there yet says nothing about this side
    renames.tables.retain(|(old, _)| from.schema.tables.contains(old) || from.schema.virtual_tables.contains(old));
    let tables = renames.clone();
    renames.columns.retain(|(table, old, _)| {
        from.schema.table(tables.old_table(table)).is_some_and(|before| before.column(old).is_some())
    });
    renames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_word_a_migration_or_a_database() {
        for (text, wanted) in [
            ("structs", Side::Structs),
            ("head", Side::Head),
            ("empty", Side::Empty),
            ("0", Side::Empty),
            ("0000", Side::Empty),
            ("database", Side::Database),
            ("3", Side::Migration("3".into())),
            ("0003_users", Side::Migration("0003_users".into())),
            ("Structs", Side::Migration("Structs".into())),
            ("", Side::Migration(String::new())),
            ("./head", Side::Other("./head".into())),
            ("dev.db", Side::Other("dev.db".into())),
            ("file:dev", Side::Other("file:dev".into())),
            (r"C\dev", Side::Other(r"C\dev".into())),
        ] {
            assert_eq!(Side::parse(text), wanted, "{text}");
        }
    }
}
