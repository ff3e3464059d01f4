//! What reads settings: the table that they are of, and what is wrong with them.

use std::ops::Range;
use std::path::Path;

use dbmigrate_core::schema::Table;

use super::draw::Share;
use crate::diagnostic::Diagnostic;
use crate::seeding::read::node::{Kind, Node};

/// Reads settings of one table.
pub(super) struct Reader<'a> {
    pub(super) table: &'a Table,
    pub(super) file: &'a Path,
    pub(super) errors: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// A share from 0 to 1.
    pub(super) fn share(&mut self, node: &Node) -> Option<Share> {
        let share = match node.kind {
            Kind::Integer(0) => Some(Share::NONE),
            Kind::Integer(1) => Some(Share::ALL),
            Kind::Real(share) => Share::of(share),
            _ => None,
        };
        if share.is_none() {
            let error = self.error("`null` is a share from 0 to 1", node.span.clone(), "");
            self.errors.push(error.help("`null = 0.1` for one in ten"));
        }
        share
    }

    pub(super) fn error(&self, message: impl Into<String>, span: Range<usize>, label: &str) -> Diagnostic {
        Diagnostic::error(message).at(self.file, span, label)
    }
}

/// `1..5`, both ends included; `1..=5` is the same.
pub(super) fn range<T: std::str::FromStr + PartialOrd>(text: &str) -> Option<(T, T)> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let most = most.strip_prefix('=').unwrap_or(most);
    Some((least.trim().parse().ok()?, most.trim().parse().ok()?)).filter(|(least, most)| least <= most)
}
