//! The page: the whole history, and what databases say of it.

use crate::error::Result;
use crate::messages;
use crate::pictures::page::html;
use crate::pictures::whole::{self, Whole};
use crate::project::Context;
use crate::project::url::Connect;

/// The page as text, and what is said of it.
pub(super) fn page(context: &Context, connect: &Connect) -> Result<(String, messages::Diagram)> {
    let Whole { page, counts: [tables, links], .. } = whole::page(context, connect, &mut None)?;
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
    Ok((html(&page), message))
}
