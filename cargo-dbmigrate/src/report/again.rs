//! Commands that are shown to be typed next: they get the flags that make them mean the same package and database.

use std::path::Path;

use dbmigrate_core::shell::{shell_flag, shell_word};

/// How every command that is shown begins.
const COMMAND: &str = "cargo dbmigrate ";

/// Where structs of the default database are written to, behind `pull`.
const STRUCTS: &str = " --out src/schema.rs";

/// The flags of this run that the next one needs as well, each with a space before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Again {
    /// For every command: which package, and what of it is read.
    pub selection: String,
    /// For every command: which database of the package, if it has several.
    pub database: String,
    /// The file for structs of that database, if it is not that of the default one.
    pub structs: Option<String>,
    /// For the commands that open a database: its URL, or its targets.
    pub url: String,
    /// The target that everything is about, if it is one.
    pub target: Option<String>,
    /// For the same.
    pub timeout: String,
    /// For the commands that write to a server.
    pub retries: String,
    /// For those that apply or plan what is pending: the side of a deployment that they are on.
    pub phase: String,
}

impl Again {
    /// The flags for one of several targets.
    pub(crate) fn on_target(&self, name: &str) -> Self {
        Self { url: format!(" {}", shell_flag("-t", name)), target: Some(name.to_owned()), ..self.clone() }
    }

    /// The flags for one of the packages of the workspace.
    pub(crate) fn on_package(&self, name: &str) -> Self {
        Self { selection: format!(" {}{}", shell_flag("-p", name), self.selection), ..self.clone() }
    }

    /// The flags for one of the databases of the package.
    pub(crate) fn on_database(&self, name: &str, structs: Option<&Path>) -> Self {
        let structs = structs.map(|file| format!(" --out {}", shell_word(file)));
        Self { database: format!(" {}", shell_flag("--database", name)), structs, ..self.clone() }
    }

    /// The line with the flags behind the name of each command in backticks.
    pub(crate) fn completed(&self, line: &str) -> String {
        let start = format!("`{COMMAND}");
        let mut parts = line.split(start.as_str());
        let mut completed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = end_of_name(part);
            let (name, rest) = part.split_at(end);
            completed.push_str(&start);
            completed.push_str(name);
            completed.push_str(&self.flags(name, rest.split('`').next().unwrap_or_default()));
            completed.push_str(rest);
        }
        match &self.structs {
            Some(structs) => completed.replace(STRUCTS, structs),
            None => completed,
        }
    }

    /// The flags for a command. `typed` is what stands behind its name.
    fn flags(&self, name: &str, typed: &str) -> String {
        if name == "help" || name.starts_with('-') {
            return String::new();
        }
        let opens = match name {
            "migrate" | "plan" | "status" | "push" | "pull" | "diff" | "backup" | "baseline" | "reset" | "restore"
            | "seed" | "capture" | "rebase" | "repair" | "ci report" | "kept" | "kept drop" | "branch list"
            | "branch drop" => true,
            "generate" => typed.contains(" --undo") || typed.contains(" --amend"),
            _ => false,
        };
        let writes = matches!(name, "migrate" | "push" | "seed");
        let is_said = |flag: &str| {
            let behind = typed.match_indices(flag).filter(|(at, _)| typed[..*at].ends_with(' '));
            behind.map(|(at, _)| &typed[at + flag.len()..]).any(|rest| rest.is_empty() || rest.starts_with([' ', '=']))
        };
        let mut flags = self.selection.clone();
        if !is_said("--database") {
            flags.push_str(&self.database);
        }
        for (flag, value, is_for) in
            [("--url", &self.url, opens), ("--timeout", &self.timeout, opens), ("--retries", &self.retries, writes)]
        {
            let names_another = flag == "--url" && (is_said("-t") || is_said("--target"));
            if is_for && !is_said(flag) && !names_another {
                flags.push_str(value);
            }
        }
        let is_phased =
            matches!(name, "migrate" | "plan") && !["--phase", "--plan", "--abort"].into_iter().any(is_said);
        flags.push_str(if is_phased { &self.phase } else { "" });
        flags
    }
}

/// Where the name of a command ends: one has others within it.
fn end_of_name(text: &str) -> usize {
    let word = |from: usize| text[from..].find([' ', '`']).map_or(text.len(), |at| from + at);
    let end = word(0);
    let has_others = match &text[..end] {
        "ci" | "branch" | "template" => text[end..].starts_with(' '),
        "kept" => text[end..].starts_with(" drop"),
        _ => false,
    };
    if has_others { word(end + 1) } else { end }
}
