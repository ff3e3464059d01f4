//! The queries of the version that is compared with, which may still run: those that the new migrations break.

use std::fmt::Write as _;

use dbmigrate_core::config::Level;
use dbmigrate_core::folder::Folder;

use crate::messages::BrokenQuery;
use crate::project::Context;
use crate::queries::against;
use crate::report::markdown::code;
use crate::structs;

/// Queries that are listed.
const MOST: usize = 40;

/// Those of a commit that fail on the schema that the migrations lead to. If it cannot be told, that is warned of: the
/// report says the rest.
pub(super) fn broken(context: &Context, folder: &Folder, commit: &str) -> Vec<BrokenQuery> {
    if context.config.queries.level == Level::Allow {
        return Vec::new();
    }
    let found =
        structs::read_or_nothing(context).and_then(|(declared, _)| against::of_now(context, folder, &declared, commit));
    match found {
        Ok(against) => against.message().breaks,
        Err(error) => {
            context
                .printer
                .warning(&format!("its queries are not in the report: {}", error.message()), error.help_lines());
            Vec::new()
        }
    }
}

/// The section about them; empty if there are none.
pub(super) fn section(breaks: &[BrokenQuery], base: &str) -> String {
    if breaks.is_empty() {
        return String::new();
    }
    let (what, fail, them) = match breaks.len() {
        1 => ("1 query".to_owned(), "fails", "it"),
        count => (format!("{count} queries"), "fail", "them"),
    };
    let mut text = format!(
        "#### Queries\n\n> **Warning:** {what} of {} {fail} once this is migrated, while a release with {them} may run\n\n",
        code(base)
    );
    for one in breaks.iter().take(MOST) {
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "- {}: {}",
            code(&format!("{}:{}", one.file, one.line)),
            code(&one.message.replace('`', "'"))
        );
    }
    if breaks.len() > MOST {
        let _ = writeln!(text, "- and {} more", breaks.len() - MOST);
    }
    text + "\n"
}
