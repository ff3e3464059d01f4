//! The queries of another version: which of them fail on the schema of this one, and which of this one on the schema of
//! that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dbmigrate_core::engine::trial::Release;
use dbmigrate_core::folder::{Folder, Lock, snapshot};
use dbmigrate_core::lint::Query;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::application::Application;
use super::judged::{Judged, Outcome, judge};
use super::schemas::Schemas;
use crate::error::{CommandError, Result};
use crate::git;
use crate::messages::{self, BrokenQuery};
use crate::project::Context;
use crate::source::{Declared, Files, is_of_application};

/// The lock within the folder, as git takes it.
const LOCK: &str = "./migrations.lock";

/// Another version, held against this one.
#[derive(Debug)]
pub(crate) struct Against {
    /// What was typed.
    pub(crate) name: String,
    /// How many queries it has that fit its own schema.
    pub(crate) queries: usize,
    /// Those of its queries that fail on the new schema: place, text, message.
    pub(crate) breaks: Vec<Failing>,
    /// Those of this version that fail on its schema.
    pub(crate) needs: Vec<Failing>,
    /// What lints ask about it.
    pub(crate) release: Release,
}

/// A query that fails.
#[derive(Debug, Clone)]
pub(crate) struct Failing {
    /// The file from the package.
    pub(crate) path: String,
    /// The line.
    pub(crate) line: usize,
    /// What the engine says.
    pub(crate) message: String,
    /// Its text.
    pub(crate) sql: String,
}

/// The files of a package in a commit.
struct InGit {
    texts: BTreeMap<PathBuf, String>,
}

impl InGit {
    /// Those that may have SQL in them. What lies there now and belongs to no module is left out.
    fn of(declared: &Declared, commit: &str) -> Self {
        let package = &declared.package;
        let root = package.directory();
        let is_module = |path: &Path| declared.files.iter().any(|file| file == path);
        let wanted = git::files::list_at(root, commit).into_iter().filter(|path| {
            let full = root.join(path);
            let is_rust = is_of_application(package, path) && (!full.exists() || is_module(&full));
            is_rust || path.extension().is_some_and(|extension| extension == "sql")
        });
        let wanted: Vec<PathBuf> = wanted.collect();
        Self { texts: git::files::texts_at(root, commit, &wanted) }
    }
}

impl Files for InGit {
    fn list(&self) -> Vec<PathBuf> {
        let is_rust = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        self.texts.keys().filter(is_rust).cloned().collect()
    }

    fn text(&self, path: &Path) -> Option<String> {
        self.texts.get(path).cloned()
    }
}

/// Holds the version at a git reference against this one, whose queries are `now`.
///
/// # Errors
/// Exit code 2 if git has no such commit, 5 if its schema cannot be read.
pub(crate) fn compare(
    context: &Context,
    folder: &Folder,
    declared: &Declared,
    now: (&Application, &Schema),
    typed: &str,
) -> Result<Against> {
    let (application, head) = now;
    let root = declared.package.directory();
    let Some(commit) = git::commit(root, typed) else {
        let error = CommandError::usage(format!("`--against {typed}` is no commit"));
        return Err(error
            .help("name the tag or branch that runs: `cargo dbmigrate check --against TAG`")
            .help("if it was not fetched: `git fetch --tags origin`"));
    };
    let queries = &context.config.queries;
    let then = Application::read(&declared.package, &InGit::of(declared, &commit), queries);
    let old = schema_at(folder, &commit, typed)?;
    let on_old = Schemas::only(context, old.clone(), &then.made)?;
    let on_new = Schemas::only(context, head.clone(), &then.made)?;
    let fitted = judge(&then.literals.written, &on_old, queries)?;
    let fitted: Vec<&Judged<'_>> = fitted.iter().filter(|one| matches!(one.outcome, Outcome::Fits(_))).collect();
    let texts: BTreeSet<&str> = fitted.iter().map(|one| one.written.literal.value()).collect();
    let after = judge(&then.literals.written, &on_new, queries)?;
    let breaks: Vec<Failing> =
        after.iter().filter(|one| texts.contains(one.written.literal.value())).filter_map(failing).collect();
    // those of this version that fit, on the schema of that one
    let own_on_new = Schemas::only(context, head.clone(), &application.made)?;
    let own = judge(&application.literals.written, &own_on_new, queries)?;
    let fitting: BTreeSet<usize> =
        own.iter().enumerate().filter(|(_, one)| matches!(one.outcome, Outcome::Fits(_))).map(|(at, _)| at).collect();
    let own_on_old = Schemas::only(context, old, &application.made)?;
    let before = judge(&application.literals.written, &own_on_old, queries)?;
    let needs = before.iter().enumerate().filter(|(at, _)| fitting.contains(at)).filter_map(|(_, one)| failing(one));
    let needs: Vec<Failing> = needs.collect();
    let kept = application.statements().into_iter().map(|query| query.sql).collect();
    let broken: Vec<Query> =
        breaks.iter().map(|one| Query { place: format!("{}:{}", one.path, one.line), sql: one.sql.clone() }).collect();
    let uses = fitted.iter().flat_map(|one| match &one.outcome {
        Outcome::Fits(accesses) => accesses.as_slice(),
        Outcome::Refused(_) | Outcome::Unknown(_) => &[],
    });
    let name = |name: &String| Name::from(name.as_str());
    let release = Release {
        name: typed.to_owned(),
        uses: uses.map(|one| (name(&one.table), one.column.as_ref().map(name))).collect(),
        is_whole: then.literals.at_run_time.is_empty(),
        queries: statements(&broken),
        kept,
        made: then.made.clone(),
    };
    Ok(Against { name: typed.to_owned(), queries: fitted.len(), breaks, needs, release })
}

/// The same for the source as it lies there.
///
/// # Errors
/// As for [`compare`].
pub(crate) fn of_now(context: &Context, folder: &Folder, declared: &Declared, typed: &str) -> Result<Against> {
    let application = Application::of(declared, &context.config.queries);
    compare(context, folder, declared, (&application, &folder.head_schema()?), typed)
}

impl Against {
    /// For programs.
    pub(crate) fn message(&self) -> messages::Against {
        let broken = |all: &[Failing]| -> Vec<BrokenQuery> {
            let one = |one: &Failing| BrokenQuery {
                file: one.path.clone(),
                line: one.line,
                sql: one.sql.clone(),
                message: one.message.clone(),
            };
            all.iter().map(one).collect()
        };
        messages::Against {
            reference: self.name.clone(),
            queries: self.queries,
            breaks: broken(&self.breaks),
            needs: broken(&self.needs),
        }
    }
}

/// The statements of texts, each with the place of its text.
fn statements(queries: &[Query]) -> Vec<Query> {
    let of = |query: &Query| -> Vec<Query> {
        let parts = dbmigrate_core::sql::split(&query.sql);
        parts.iter().map(|part| Query { place: query.place.clone(), sql: part.text.to_owned() }).collect()
    };
    queries.iter().flat_map(of).collect()
}

fn failing(judged: &Judged<'_>) -> Option<Failing> {
    let Outcome::Refused(refused) = &judged.outcome else { return None };
    let refusal = refused.first()?;
    Some(Failing {
        path: judged.written.path.clone(),
        line: judged.written.line,
        message: refusal.message.clone(),
        sql: judged.written.literal.value().to_owned(),
    })
}

/// The schema that the migrations of a commit lead to.
fn schema_at(folder: &Folder, commit: &str, typed: &str) -> Result<Schema> {
    let unreadable = |what: String| CommandError::new(crate::exit::INCONSISTENT, what);
    let Some(text) = git::file_at(folder.path(), commit, LOCK) else { return Ok(Schema::default()) };
    let lock = Lock::parse(&String::from_utf8_lossy(&text))
        .map_err(|error| unreadable(format!("`migrations.lock` of `{typed}` cannot be read: {}", error.problem)))?;
    let Some(last) = lock.migrations().last() else { return Ok(Schema::default()) };
    let file = folder.snapshot_path(last);
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("./{}/{file}", last.name);
    let Some(bytes) = git::file_at(folder.path(), commit, &path) else {
        return Err(unreadable(format!("`{typed}` has no snapshot of `{}`", last.name)));
    };
    let snapshot = snapshot::read(&bytes)
        .map_err(|error| unreadable(format!("the snapshot of `{}` in `{typed}` cannot be read: {error}", last.name)))?;
    Ok(snapshot.schema)
}
