//! Whether rows may be deleted that a set does not have: by a word on the command line, or asked at the terminal.

use std::path::Path;

use dbmigrate_core::schema::table::ReferentialAction;
use dbmigrate_core::shell::{shell_flag, shell_word};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::{parse_path, path};

use super::arguments::Seed;
use crate::decisions::ask::confirmed;
use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::messages::{self, Affected};
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};
use crate::report::counted;
use crate::seeding::write::Deletion;

/// What is accepted that is a table's.
const DELETE_ROWS: &str = "delete_rows";

/// What is accepted of everything.
const ALL: &str = "all";

/// What `--accept` says.
pub(super) struct Accepted {
    tables: Vec<Name>,
    all: bool,
}

impl Accepted {
    /// Reads the flags.
    ///
    /// # Errors
    /// Exit code 2 for a word that is none.
    pub(super) fn new(words: &[String]) -> Result<Self> {
        let mut accepted = Self { tables: Vec::new(), all: false };
        for text in words {
            match text.split_once(':') {
                Some((DELETE_ROWS, table)) if !table.is_empty() => accepted.tables.push(only_name(table)),
                _ if text == ALL => accepted.all = true,
                _ => {
                    let word = text.split(':').next().unwrap_or_default();
                    let error = CommandError::usage(format!("`--accept {text}` is nothing that a seed asks for"));
                    return Err(match did_you_mean(word, [DELETE_ROWS, ALL]) {
                        Some(ALL) => error.help("did you mean `--accept all`?"),
                        _ => error.help("it deletes rows: `--accept delete_rows:TABLE`"),
                    });
                }
            }
        }
        Ok(accepted)
    }
}

/// Who is asked whether a database may be written to.
pub(super) struct Consent<'a> {
    pub(super) context: &'a Context,
    pub(super) arguments: &'a Seed,
    pub(super) accepted: &'a Accepted,
    pub(super) set: &'a str,
    pub(super) url: &'a DatabaseUrl,
}

impl Consent<'_> {
    /// Whether a protected target may be written to.
    ///
    /// # Errors
    /// Exit code 3 if nobody has said so.
    pub(super) fn to_write(&self, count: u64) -> Result<()> {
        let what = match count {
            0 => format!("run the statements of `{}`", self.set),
            count => format!("write {} of `{}`", rows(count), self.set),
        };
        let command = self.command(&[]);
        let intent = Intent { what: &what, command: &command, why: None, untouched: "nothing was written" };
        self.context.consent(self.url, (&self.arguments.consent).into(), intent)
    }

    /// Whether these rows may go.
    ///
    /// # Errors
    /// Exit code 3 if nobody has said so.
    pub(super) fn to_delete(&self, deletions: &[Deletion]) -> Result<()> {
        let (url, accepted) = (self.url, self.accepted);
        let open: Vec<&Deletion> =
            deletions.iter().filter(|deletion| !accepted.all && !accepted.tables.contains(&deletion.table)).collect();
        let Some(first) = open.first() else { return Ok(()) };
        let counts: Vec<String> =
            open.iter().map(|deletion| format!("{}: {}", deletion.table, rows(deletion.rows))).collect();
        let message = format!("`{url}` has rows that `{}` does not have: {}", self.set, counts.join(", "));
        let notes: Vec<String> = open.iter().flat_map(|deletion| notes(deletion)).collect();
        let printer = &self.context.printer;
        if printer.can_ask() {
            let told = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
            if confirmed(self.context, &format!("{message}{told}. Delete them?"))? {
                return Ok(());
            }
        }
        for deletion in &open {
            let affected = |(table, rows, action): &(Name, u64, ReferentialAction)| Affected {
                table: table.to_string(),
                rows: *rows,
                action: action.sql().to_owned(),
            };
            printer.message(|| messages::Deletion {
                on: url.into(),
                table: deletion.table.to_string(),
                rows: deletion.rows,
                others: deletion.others.iter().map(affected).collect(),
            });
        }
        let error = CommandError::new(exit::DECISION, message);
        let error = notes.into_iter().fold(error, CommandError::note).note("nothing was written");
        Err(error
            .help(format!("to delete them: `{}`", self.command(&open)))
            .help(format!("to keep them, change the mode of `{}` in the set: `mode = \"upsert\"`", first.table)))
    }

    /// The same command with what is left to accept.
    fn command(&self, open: &[&Deletion]) -> String {
        let mut command = format!("cargo dbmigrate seed {}", shell_word(Path::new(self.set)));
        command.push_str(if self.arguments.only_missing { " --only-missing" } else { "" });
        let more = open.iter().map(|deletion| format!("{DELETE_ROWS}:{}", path([&deletion.table])));
        for word in self.arguments.accept.iter().cloned().chain(more) {
            command.push(' ');
            command.push_str(&shell_flag("--accept", &word));
        }
        for name in self.arguments.consent.yes.iter().filter(|_| !open.is_empty()) {
            command.push(' ');
            command.push_str(&shell_flag("--yes", name));
        }
        command
    }
}

/// The table as one name: a path of one part, or the text as it stands.
fn only_name(table: &str) -> Name {
    match parse_path(table) {
        Some((mut parts, None)) if parts.len() == 1 => parts.remove(0),
        _ => table.into(),
    }
}

fn rows(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "row")
}

/// What happens to rows of other tables.
fn notes(deletion: &Deletion) -> Vec<String> {
    let note = |(table, count, action): &(Name, u64, ReferentialAction)| {
        let rows = rows(*count);
        let what = match action {
            ReferentialAction::Cascade => format!("{rows} of `{table}` would be deleted with them"),
            ReferentialAction::SetNull => format!("{rows} of `{table}` would lose their reference"),
            ReferentialAction::SetDefault => format!("{rows} of `{table}` would get another reference"),
            ReferentialAction::Restrict | ReferentialAction::NoAction => {
                format!("{rows} of `{table}` refer to them, which is refused")
            }
        };
        format!("{what} (ON DELETE {})", action.sql())
    };
    deletion.others.iter().map(note).collect()
}
