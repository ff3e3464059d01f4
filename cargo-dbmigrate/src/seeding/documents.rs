//! The files of a set, each read in its format, before anything is known of the database.

use std::path::PathBuf;

use dbmigrate_core::sql::{StatementKind, split};

use super::folder::{Folder, Format, SetFile};
use super::read::csv::{self, Csv};
use super::read::node::Node;
use super::read::{json, text, toml};
use crate::diagnostic::Diagnostic;

/// What a file says.
#[derive(Debug)]
pub(crate) enum Content {
    /// TOML or JSON.
    Tree(Node),
    /// CSV.
    Csv(Csv),
    /// Statements.
    Sql(String),
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Document {
    /// Which file it is.
    pub file: SetFile,
    /// What it says.
    pub content: Content,
}

/// A set that was read.
#[derive(Debug)]
pub(crate) struct Documents {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub folder: PathBuf,
    /// What it says of its tables, and in which file.
    pub settings: Option<(PathBuf, Node)>,
    /// Its files in the order of their names.
    pub files: Vec<Document>,
}

/// Reads the files of a set.
///
/// # Errors
/// All that is wrong with their formats.
pub(crate) fn read(folder: Folder) -> Result<Documents, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let settings = folder.settings.and_then(|path| {
        let node = text::read(&path).and_then(|text| toml::parse(&text, &path));
        node.map_err(|error| errors.push(*error)).ok().map(|node| (path, node))
    });
    let mut files = Vec::with_capacity(folder.files.len());
    for file in folder.files {
        match content(&file, &mut errors) {
            Ok(content) => files.push(Document { file, content }),
            Err(error) => errors.push(*error),
        }
    }
    match errors.is_empty() {
        true => Ok(Documents { name: folder.name, folder: folder.path, settings, files }),
        false => Err(errors),
    }
}

fn content(file: &SetFile, errors: &mut Vec<Diagnostic>) -> Result<Content, Box<Diagnostic>> {
    let text = text::read(&file.path)?;
    Ok(match file.format {
        Format::Toml => Content::Tree(toml::parse(&text, &file.path)?),
        Format::Json => Content::Tree(json::parse(&text, &file.path)?),
        Format::Csv => Content::Csv(csv::parse(&text, &file.path, errors)),
        Format::Sql => {
            errors.extend(refused_statements(&text, file));
            Content::Sql(text)
        }
    })
}

/// Statements that are not for rows, or not for the transaction that a set is.
fn refused_statements(text: &str, file: &SetFile) -> Vec<Diagnostic> {
    let refused = split(text).into_iter().filter_map(|statement| {
        let first = statement.text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let (message, help) = match statement.kind {
            StatementKind::Write | StatementKind::Read => return None,
            StatementKind::Transaction => (
                format!("`{first}` in a file of a set, which is one transaction"),
                "remove `BEGIN`, `COMMIT` and `ROLLBACK`",
            ),
            StatementKind::Pragma => (
                "`PRAGMA` in a file of a set".to_owned(),
                "remove it: foreign keys are on, and are checked at the end of the set",
            ),
            StatementKind::Other => {
                (format!("`{first}` in a file of a set, which is for rows"), "remove the statement")
            }
            _ => (
                format!("`{first}` changes the schema, which only migrations do"),
                "write a migration for it: `cargo dbmigrate generate --custom`",
            ),
        };
        let span = statement.start..statement.start + first.len();
        Some(Diagnostic::error(message).at(&file.path, span, "").help(help))
    });
    refused.collect()
}
