//! The databases of the package that a command is for, each with structs, a folder and a history of its own: the one that
//! is named, those of the targets that are named, the default one, or all, one after the other.

use dbmigrate_core::config::{ALL_TARGETS, DEFAULT_DATABASE, database_flag};
use dbmigrate_core::shell::shell_flag;

use super::context::Context;
use super::{Selection, package, picked, targets};
use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::messages;
use crate::project::config::{Config, FILE_NAME};
use crate::project::path;
use crate::project::url::{Connect, in_ci};
use crate::report::Printer;

/// What a command does with a package that has several databases, if none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It is for one: the default one.
    One,
    /// It is for all of them.
    All,
    /// It is for all that have migrations.
    Migrated,
    /// It is for all that have migrations, and opens them: what no database is named for is left out in a pipeline.
    Opened,
}

impl Context {
    /// The same for a database of the package; `None` is the default one.
    fn of_database(&self, name: Option<&str>) -> Option<Self> {
        let config = self.whole.of(name)?;
        let folder_path = path::for_display(&self.package.root.join(&config.migrations));
        let structs = name.map(|_| config.structs_file());
        let printer = self.printer.on_database(name.unwrap_or(DEFAULT_DATABASE), structs.as_deref());
        Some(Self { printer, config, folder_path, ..self.clone() })
    }

    /// The same for the database that is selected, if there is one of that name.
    pub(crate) fn of_selected(self) -> Self {
        let name = self.selection.database.clone().filter(|name| name != DEFAULT_DATABASE);
        self.of_database(name.as_deref()).unwrap_or(self)
    }

    /// The same for the database that a target is of, which is named by other means than `--target`.
    pub(crate) fn of_target(&self, name: &str) -> Self {
        let mut all = self.whole.targets.iter();
        let database = all.find(|target| target.name == table_of(name)).and_then(|one| one.database.clone());
        let is_same = self.config.database_name() == database.as_deref();
        let other = if is_same { None } else { self.of_database(database.as_deref()) };
        other.unwrap_or_else(|| self.clone())
    }

    /// All databases of the package that have migrations, for a command that looks at them together; the one that is
    /// chosen if one is, and the default one if none has.
    pub(crate) fn with_migrations(&self) -> Vec<Self> {
        if self.config.databases.is_empty() || self.selection.database.is_some() {
            return vec![self.clone()];
        }
        let all = self.config.database_names().map(|name| (name != DEFAULT_DATABASE).then_some(name));
        let found: Vec<Self> =
            all.filter(|name| self.has_folder(*name)).filter_map(|name| self.of_database(name)).collect();
        if found.is_empty() { vec![self.clone()] } else { found }
    }

    /// Runs a command on each database of the package that it is for. `has_structs` is asked of the default one where it
    /// has no folder: a package may have named ones only.
    ///
    /// # Errors
    /// Whatever it fails with if that is one. Exit code 2 for the names of databases that there are not, and for targets
    /// of other ones.
    pub(crate) fn for_each_database(
        self,
        connect: Option<&Connect>,
        reach: Reach,
        has_structs: impl Fn(&Self) -> bool,
        mut run: impl FnMut(&Self) -> Result<u8>,
    ) -> Result<u8> {
        if self.config.databases.is_empty() {
            return match self.selection.database.as_deref().filter(|name| *name != DEFAULT_DATABASE) {
                Some(name) => Err(unknown(&self.config, name)),
                None => run(&self),
            };
        }
        let mut names = self.chosen_databases(connect, reach)?;
        if reach == Reach::All && names.len() > 1 && names[0].is_none() && !self.has_folder(None) {
            let is_unused = self.of_database(None).is_some_and(|context| !has_structs(&context));
            if is_unused {
                names.remove(0);
            }
        }
        let contexts: Vec<Self> = names.iter().filter_map(|name| self.of_database(name.as_deref())).collect();
        let is_named = self.selection.database.is_some() || connect.is_some_and(Connect::names_one);
        let may_be_unset = reach == Reach::Opened && !is_named;
        each(&contexts, |context| Ok(may_be_unset && context.is_unset()?), &mut run)
    }

    /// Whether this is a pipeline, where nothing is taken for granted, and nothing names the database, which is a further
    /// one of the package: there may be many of its kind, and none of them is meant.
    fn is_unset(&self) -> Result<bool> {
        if self.config.database.is_none() || self.config.url.is_some() || !in_ci() {
            return Ok(false);
        }
        Ok(!self.surroundings().is_set(self.config.url_variable())?)
    }

    /// Says that nothing is done because nothing names the database, and how its fleets are reached.
    fn skip(&self) {
        let name = self.config.database_name().unwrap_or(DEFAULT_DATABASE);
        let variable = self.config.url_variable();
        let fleets = self.config.targets.iter().filter(|target| target.fleet.is_some());
        let fleets: Vec<String> = fleets.map(|target| target.name.clone()).collect();
        let mut text = format!("{name}: `{variable}` is not set, and CI has no default");
        if !fleets.is_empty() {
            let flags: Vec<String> = fleets.iter().map(|fleet| format!("`{}`", shell_flag("-t", fleet))).collect();
            text.push_str("\nfleets are run on their own: ");
            text.push_str(&flags.join(", "));
        }
        self.printer.status("Skipped", text);
        let message = || messages::DatabaseSkipped { name: name.to_owned(), variable: variable.to_owned(), fleets };
        self.printer.message(message);
    }

    /// The names of the databases that are meant; `None` is the default one.
    fn chosen_databases(&self, connect: Option<&Connect>, reach: Reach) -> Result<Vec<Option<String>>> {
        let targets = connect.map_or(&[][..], |connect| &connect.target);
        let database_of = |name: &str| {
            let all = self.config.targets.iter().chain(&self.config.other_targets);
            all.into_iter().find(|target| target.name == table_of(name)).and_then(|target| target.database.clone())
        };
        if let Some(name) = &self.selection.database {
            let chosen = (name != DEFAULT_DATABASE).then(|| name.clone());
            if chosen.is_some() && self.config.databases.iter().all(|database| database.name != *name) {
                return Err(unknown(&self.config, name));
            }
            let is_known = |target: &&String| {
                picked::known(&self.config).iter().any(|known| known.name == table_of(target.trim()))
            };
            let mut others = targets.iter().filter(is_known).map(|target| (target.trim(), database_of(target.trim())));
            if let Some((target, other)) = others.find(|(_, other)| *other != chosen) {
                let other = other.unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
                let message = format!("the target `{target}` is of the database `{other}`, not of `{name}`");
                return Err(CommandError::usage(message).help(format!("leave out `--database {name}`")));
            }
            return Ok(vec![chosen]);
        }
        let all = || std::iter::once(None).chain(self.config.databases.iter().map(|one| Some(one.name.clone())));
        if !targets.is_empty() {
            let mut names: Vec<Option<String>> = Vec::new();
            for target in targets.iter().map(|target| target.trim()) {
                let of_target = vec![database_of(target)];
                let of_targets = if target == ALL_TARGETS { self.with_targets(all()) } else { of_target };
                for name in of_targets {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            return Ok(names);
        }
        let names_url = connect.is_some_and(|connect| connect.url.is_some());
        let mut names: Vec<Option<String>> = match reach {
            Reach::One => return Ok(vec![None]),
            _ if names_url => return Ok(vec![None]),
            Reach::All => all().collect(),
            Reach::Migrated | Reach::Opened => all().filter(|name| self.has_folder(name.as_deref())).collect(),
        };
        if names.is_empty() {
            names.push(None);
        }
        Ok(names)
    }

    /// Those of the databases that have targets.
    fn with_targets(&self, all: impl Iterator<Item = Option<String>>) -> Vec<Option<String>> {
        let has_some = |name: &Option<String>| {
            let of_it = |target: &dbmigrate_core::config::Target| target.database == *name;
            self.config.targets.iter().chain(&self.config.other_targets).any(of_it)
        };
        let named: Vec<Option<String>> = all.filter(has_some).collect();
        if named.is_empty() { vec![None] } else { named }
    }

    fn has_folder(&self, name: Option<&str>) -> bool {
        self.whole.of(name).is_some_and(|config| self.package.root.join(config.migrations).is_dir())
    }
}

/// The table of a target: a member of a fleet is named behind it.
fn table_of(target: &str) -> &str {
    target.split('/').next().unwrap_or(target)
}

/// Runs a command on each of several databases but for those that are left out; one alone has no heading.
fn each(
    contexts: &[Context],
    is_left_out: impl Fn(&Context) -> Result<bool>,
    run: &mut impl FnMut(&Context) -> Result<u8>,
) -> Result<u8> {
    if let [only] = contexts {
        // its printer knows what to type for this database
        return Ok(run(only).unwrap_or_else(|error| {
            only.printer.error(&error);
            error.exit_code()
        }));
    }
    let of_several = |context: &Context| {
        let printer = context.printer.of_several_databases();
        Context { is_one_of_several: true, printer, ..context.clone() }
    };
    let left_out = contexts.iter().map(is_left_out).collect::<Result<Vec<bool>>>()?;
    // where nothing is left, that is an error of each
    let is_any_left = left_out.contains(&false);
    let mut left_out = left_out.into_iter();
    Ok(under_headings(contexts.iter().map(of_several), |context| {
        let name = context.config.database_name().unwrap_or(DEFAULT_DATABASE);
        context.printer.status("Database", name);
        let migrations = || context.folder_path.display().to_string();
        context.printer.message(|| messages::Database { name: name.to_owned(), migrations: migrations() });
        if left_out.next() == Some(true) && is_any_left {
            context.skip();
            return Ok(exit::DONE);
        }
        run(context)
    }))
}

/// Runs a command on each; what one fails with is shown at once, and the others are run on all the same. What is wrong with
/// the command line is wrong for all. The worst exit code.
fn under_headings(contexts: impl Iterator<Item = Context>, mut run: impl FnMut(&Context) -> Result<u8>) -> u8 {
    let mut worst = exit::DONE;
    let mut last = None;
    for context in contexts {
        let (code, goes_on) = match run(&context) {
            Ok(code) => (code, true),
            Err(error) => {
                let (code, is_cancelled) = (error.exit_code(), error.is_cancelled());
                // a place in the source that all of them read is shown once
                if last.as_ref() == Some(&error) && !error.rendered().is_empty() {
                    context.printer.status("Same error", format!("{}, shown above", error.message()));
                    context.printer.error_for_programs(&error);
                } else {
                    context.printer.error(&error);
                }
                last = Some(error);
                (code, code != exit::USAGE && !is_cancelled)
            }
        };
        worst = targets::worse(worst, code);
        if !goes_on {
            break;
        }
    }
    worst
}

/// Runs a command on each package of the workspace that uses dbmigrate; `make` makes the context of one.
///
/// # Errors
/// Exit code 2 if there is none.
pub(crate) fn for_each_package(
    selection: &Selection,
    printer: &Printer,
    make: impl Fn(Selection, Printer) -> Result<Context>,
    mut run: impl FnMut(Context) -> Result<u8>,
) -> Result<u8> {
    if let Some(name) = &selection.package {
        return Err(
            CommandError::usage(format!("`-p {name}` and `--workspace` both choose packages")).help("use one of them")
        );
    }
    let mut contexts = Vec::new();
    for package in package::users(selection)? {
        let own = Selection { manifest_path: Some(package.manifest), ..selection.clone() };
        contexts.push(make(own, printer.on_package(&package.name))?);
    }
    Ok(under_headings(contexts.into_iter(), |context| {
        context.printer.status("Package", &context.package.name);
        run(context.clone())
    }))
}

/// That there is no database of that name.
fn unknown(config: &Config, name: &str) -> CommandError {
    let error = CommandError::usage(format!("no database named `{name}` in `{FILE_NAME}`"));
    let names: Vec<&str> = config.database_names().collect();
    let error = match did_you_mean(name, names.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{}`?", database_flag(Some(meant)).trim_start())),
        None => error,
    };
    let error = match &names[..] {
        [_] => error,
        names => error.help(format!("expected one of `{}`", names.join("`, `"))),
    };
    error.help(format!("a new one is a table in `{FILE_NAME}`: `[databases.NAME]`"))
}
