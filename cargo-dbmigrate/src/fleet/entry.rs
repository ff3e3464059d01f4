//! What a source says of a member, before its URL is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A member as its source has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number in the source, or its line there, counted from 1.
    pub(super) number: usize,
    /// Its name, if the source gives it one.
    pub(super) name: Option<String>,
    /// Where it is.
    pub(super) at: EntryAt,
    /// What else is known of it.
    pub(super) labels: BTreeMap<String, String>,
}

/// Where a member is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum EntryAt {
    /// In this file.
    File(PathBuf),
    /// At this URL, which may have a token in it.
    Url(String),
    /// In the namespace that is called as it is.
    #[default]
    Namespace,
}

/// What a source says.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    /// Its members.
    pub(super) all: Vec<Entry>,
    /// The folder at which relative paths start.
    pub(super) base: PathBuf,
    /// What one of them is in the source, with `#` for its number: `tenants.txt:#`, and whether that is a place in a file.
    pub(super) place: (String, bool),
    /// The file that names servers, if one does.
    pub(super) named_in: Option<PathBuf>,
    /// That there are none: `tenants.txt` has no URL in it.
    pub(super) nothing: String,
}

/// What is made of a source that has nothing but names.
pub(super) fn of_names(names: impl IntoIterator<Item = String>) -> Vec<Entry> {
    let numbered = names.into_iter().zip(1..);
    numbered.map(|(name, number)| Entry { number, name: Some(name), ..Entry::default() }).collect()
}
