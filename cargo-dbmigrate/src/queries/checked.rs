//! The queries of a package as `check` looks at them.

use dbmigrate_core::config::Level;
use dbmigrate_core::engine::trial::Release;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::lint::Query;

use super::against::{self, Against};
use super::application::Application;
use super::early;
use super::judged::judge;
use super::listed;
use super::places::queries;
use super::schemas::Schemas;
use super::shown::Shown;
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::report::Printer;
use crate::source::Declared;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// The list of all of them.
    pub(crate) list: bool,
    /// The version that they are held against.
    pub(crate) against: Option<&'a str>,
    /// Their plans.
    pub(crate) plans: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    shown: Shown,
    against: Option<Against>,
    planned: Vec<Query>,
}

impl Checked {
    /// Holds the queries of the package against the schema that its migrations lead to, and says what is wrong.
    ///
    /// # Errors
    /// Exit code 2 for a version that there is not; if nothing can be opened in memory.
    pub(crate) fn of(context: &Context, folder: &Folder, declared: &Declared, wanted: Wanted<'_>) -> Result<Self> {
        let config = &context.config.queries;
        let is_asked = wanted.list || wanted.plans || wanted.against.is_some();
        if config.level == Level::Allow && !is_asked {
            return Ok(Self::default());
        }
        let application = Application::of(declared, config);
        let is_empty = application.literals.written.is_empty();
        if is_empty && !is_asked {
            return Ok(Self::default());
        }
        // the structs agree with the last snapshot by now
        let head = &declared.schema;
        let mut checked = Self::default();
        if !is_empty || wanted.list {
            let schemas = Schemas::of(context, head, &application.made)?;
            let judged = judge(&application.literals.written, &schemas, config)?;
            if wanted.list {
                let own = context.config.database_name();
                let own: Vec<_> = judged.iter().filter(|one| one.database.as_deref() == own).collect();
                listed::list(&context.printer, &own, &application.literals);
            }
            if config.level > Level::Allow {
                let name = folder.head().map(|migration| migration.name.to_string());
                checked.shown = Shown::of(context, &judged, name.as_deref());
                checked.say(context);
                let early = early::too_early(context, folder, &application, &judged)?;
                context.printer.diagnostics(&early);
            }
        }
        if let Some(typed) = wanted.against {
            let against = against::compare(context, folder, declared, (&application, head), typed)?;
            against.say(&context.printer);
            checked.against = Some(against);
        }
        if wanted.plans {
            checked.planned = application.statements();
        }
        Ok(checked)
    }

    fn say(&self, context: &Context) {
        let printer = &context.printer;
        printer.diagnostics(&self.shown.diagnostics);
        if let Some((message, help)) = &self.shown.foreign {
            printer.warning(message, help);
        }
        if let Some(said) = self.shown.said() {
            printer.status("Checked", said);
        }
    }

    /// The error of the run, if queries do not fit.
    pub(crate) fn error(&self, context: &Context) -> Option<CommandError> {
        self.shown.error(context)
    }

    /// The release whose queries lints ask about.
    pub(crate) fn release(&self) -> Option<Release> {
        self.against.as_ref().map(|against| against.release.clone())
    }

    /// The queries whose plans are compared.
    pub(crate) fn planned(&self) -> Vec<Query> {
        self.planned.clone()
    }
}

impl Against {
    fn say(&self, printer: &Printer) {
        let Self { name, queries: count, breaks, needs, .. } = self;
        let breaks = match breaks.len() {
            0 => "none fails on the new schema".to_owned(),
            1 => "1 fails on the new schema".to_owned(),
            count => format!("{count} fail on the new schema"),
        };
        printer.status("Compared", format!("{} of `{name}`: {breaks}", queries(*count)));
        if !needs.is_empty() {
            let does = if needs.len() == 1 { "does" } else { "do" };
            printer.status(
                "Needed",
                format!("the migrations come first: {} of this version {does} not run before", queries(needs.len())),
            );
            for one in needs {
                printer.detail("Needed", format!("{}:{}: {}", one.path, one.line, one.message));
            }
        }
        printer.message(|| self.message());
    }
}
