//! What does not fit, as rustc would say it: in the file, at the word.

use dbmigrate_core::config::Level;

use super::judged::{Judged, Outcome};
use super::places::queries;
use crate::diagnostic::Diagnostic;
use crate::error::CommandError;
use crate::exit;
use crate::project::Context;
use crate::project::config::FILE_NAME;

/// From so many on, queries of which most name nothing of a database are taken to be for another one.
const FOREIGN: usize = 3;

/// What is wrong with the queries of a package.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// What is said of each.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many fit.
    pub(crate) fitting: usize,
    /// How many do not.
    pub(crate) failing: usize,
    /// How many nothing can be said of.
    pub(crate) unknown: usize,
    /// What is said once where most are for another database.
    pub(crate) foreign: Option<(String, Vec<String>)>,
}

impl Shown {
    /// What is to be said of the queries for the database at hand.
    pub(crate) fn of(context: &Context, judged: &[Judged<'_>], head: Option<&str>) -> Self {
        let own = context.config.database_name();
        let mut shown = Self::default();
        let own: Vec<&Judged<'_>> = judged.iter().filter(|one| one.database.as_deref() == own).collect();
        shown.fitting = own.iter().filter(|one| matches!(one.outcome, Outcome::Fits(_))).count();
        shown.unknown = own.iter().filter(|one| matches!(one.outcome, Outcome::Unknown(_))).count();
        let refused = |one: &&&Judged<'_>| matches!(one.outcome, Outcome::Refused(_));
        let strange = own.iter().filter(refused).filter(|one| !one.names_a_table).count();
        if strange >= FOREIGN && strange > shown.fitting {
            shown.foreign = Some(foreign(context, &own, strange));
        }
        for one in own {
            let Outcome::Refused(refused) = &one.outcome else { continue };
            if shown.foreign.is_some() && !one.names_a_table {
                continue;
            }
            for refusal in refused {
                let mut diagnostic = match context.config.queries.level {
                    Level::Deny => Diagnostic::error(&refusal.message),
                    Level::Warn | Level::Allow => Diagnostic::warning(&refusal.message),
                };
                diagnostic = diagnostic.at(&one.written.file, one.written.place(&refusal.span), "");
                if let (true, Some(head)) = (shown.diagnostics.is_empty(), head) {
                    diagnostic = diagnostic.note(format!("compiled on the schema that `{head}` produces"));
                }
                if let Some(meant) = &refusal.meant {
                    diagnostic = diagnostic.help(format!("did you mean `{meant}`?"));
                }
                shown.diagnostics.push(diagnostic);
            }
            shown.failing += 1;
        }
        shown
    }

    /// The error of the run, if there is one.
    pub(crate) fn error(&self, context: &Context) -> Option<CommandError> {
        if self.failing == 0 || context.config.queries.level != Level::Deny {
            return None;
        }
        let does = if self.failing == 1 { "does" } else { "do" };
        let message = format!("{} of the source {does} not fit the schema", queries(self.failing));
        let error = CommandError::new(exit::DIFFERENCE, message);
        Some(
            error
                .help(format!("to leave out files: `skip = [\"src/…\"]` under `[queries]` in `{FILE_NAME}`"))
                .help("to be warned only: `level = \"warn\"` there"),
        )
    }

    /// `12 queries of the source fit the schema`, if there are any.
    pub(crate) fn said(&self) -> Option<String> {
        if self.fitting + self.unknown == 0 || self.failing > 0 {
            return None;
        }
        let fit = if self.fitting == 1 { "fits" } else { "fit" };
        let unknown = match self.unknown {
            0 => String::new(),
            count => format!(", {count} cannot be judged here (`--queries` lists them)"),
        };
        Some(format!("{} of the source {fit} the schema{unknown}", queries(self.fitting)))
    }
}

/// That most queries are for another database, and how they are left out.
fn foreign(context: &Context, own: &[&Judged<'_>], strange: usize) -> (String, Vec<String>) {
    let mut files: Vec<&str> = own
        .iter()
        .filter(|one| !one.names_a_table && matches!(one.outcome, Outcome::Refused(_)))
        .map(|one| one.written.path.as_str())
        .collect();
    files.dedup();
    let listed: Vec<String> = files.iter().take(3).map(|file| format!("\"{file}\"")).collect();
    let message = format!(
        "{} of the source {} no table of the migrations, and {} left out",
        queries(strange),
        if strange == 1 { "names" } else { "name" },
        if strange == 1 { "is" } else { "are" }
    );
    let list = context.printer.typed("cargo dbmigrate check --queries");
    let help = vec![
        format!(
            "if they are for another database: `skip = [{}]` under `[queries]` in `{FILE_NAME}`",
            listed.join(", ")
        ),
        format!("to see them: `{list}`"),
    ];
    (message, help)
}
