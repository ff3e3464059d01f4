//! The page: the whole history, and what databases say of it.

use super::{Diagram, Drawn, OF};
use crate::error::{CommandError, Result};
use crate::messages;
use crate::pictures::page::html;
use crate::pictures::whole::{self, Whole};
use crate::project::Context;

/// What is drawn of a page is chosen in it.
pub(super) fn drawn(context: &Context, arguments: &Diagram) -> Result<(Drawn, messages::Diagram)> {
    let flags = [
        ("--of", arguments.of != OF),
        ("--from", arguments.from.is_some()),
        ("--around", !arguments.around.is_empty()),
    ];
    if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) {
        return Err(CommandError::usage(format!("`{flag}` is not for a page, which has the whole history"))
            .help("leave it out: what is shown is chosen in the page"));
    }
    let Whole { page, counts: [tables, links], .. } = whole::page(context, &arguments.connect)?;
    let message = messages::Diagram {
        of: "history".to_owned(),
        from: None,
        format: "html".to_owned(),
        tables,
        links,
        files: Vec::new(),
        stale: Vec::new(),
        text: None,
    };
    Ok((Drawn::One(html(&page)), message))
}
