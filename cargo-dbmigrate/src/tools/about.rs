//! What is known of a tool, apart from how its folder is read: its names, what tells of it, what it records.

/// The names of a tool, and what is said of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// What is typed, and recorded in the history.
    pub name: &'static str,
    /// What may be typed as well.
    pub aliases: &'static [&'static str],
    /// Where its folder is unless it is told otherwise, from the package. Without any, only databases tell of it.
    pub folders: &'static [&'static str],
    /// What else tells that a package uses it: files in the package, and dependencies.
    pub marks: Marks,
    /// The table in which it records what it has applied.
    pub table: Option<&'static str>,
    /// The command that applies what is pending.
    pub apply: Option<&'static str>,
    /// What it is that changes a schema without a record.
    pub unrecorded: Option<&'static str>,
    /// What to pass as the folder.
    pub folder_help: &'static str,
}

impl About {
    /// What it is called in a sentence.
    pub(crate) fn title(&self) -> &'static str {
        dbmigrate_core::engine::tools::tool(self.name).map_or(self.name, |tool| tool.title)
    }
}

impl About {
    /// Whether it runs migrations with foreign keys on, unless they say otherwise: `SqliteConnectOptions` of sqlx has them
    /// on, and no transaction can turn them off.
    pub(crate) fn has_foreign_keys_on(&self) -> bool {
        self.name == "sqlx"
    }

    /// What to do with it once this tool has taken its place.
    pub(crate) fn stop(&self) -> String {
        match self.name {
            // nobody knows what it is called
            "sql" => "remove the code that runs these files from the application".to_owned(),
            _ => format!("stop using {} on this database", self.title()),
        }
    }
}

/// What beside the folder tells that a package uses a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    /// Files of the package.
    pub files: &'static [&'static str],
    /// Crates that it depends on.
    pub crates: &'static [&'static str],
}

impl Marks {
    /// Nothing.
    pub(crate) const NONE: Self = Self { files: &[], crates: &[] };
}

/// Whether a folder looks like one of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// No.
    No,
    /// It may be, as well as one of others.
    Possible,
    /// Nothing else has it so.
    Sure,
}

impl Sign {
    /// `No`, or this.
    pub(crate) fn if_possible(is_possible: bool) -> Self {
        if is_possible { Self::Possible } else { Self::No }
    }

    /// `No`, or sure.
    pub(crate) fn if_sure(is_sure: bool) -> Self {
        if is_sure { Self::Sure } else { Self::No }
    }
}

/// A record of an applied migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AppliedRow {
    /// What identifies the migration: an entry's `key`.
    pub key: String,
    /// Its name, where the tool records one besides.
    pub name: Option<String>,
    /// The checksum of its text, where the tool records one.
    pub checksum: Option<String>,
    /// Why it does not count as applied, if it was begun only.
    pub unfinished: Option<String>,
}
