//! The workflow that deploys, which the written one calls between the halves of a phased change.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{CommandError, Result};

const FOLDER: &str = ".github/workflows/";

/// A workflow of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// Its file.
    pub name: String,
    /// What it asks to be permitted, as YAML: whoever calls it has to have that.
    pub permissions: String,
    /// Whether it says that it can be called.
    pub callable: bool,
}

impl Called {
    /// Reads the file of that name.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn read(root: &Path, name: &str) -> Result<Self> {
        let file = name.strip_prefix("./").unwrap_or(name);
        let file = file.strip_prefix(FOLDER).unwrap_or(file);
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        let is_name = file.starts_with(|char: char| char.is_ascii_alphanumeric()) && file.chars().all(is_plain);
        let wrong = |message: String| {
            CommandError::usage(message).help(format!("name the file of the workflow that deploys, in {FOLDER}"))
        };
        let is_yaml = Path::new(file).extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if !is_name || !is_yaml {
            return Err(wrong(format!("`{}` is not the name of a workflow", name.escape_default())));
        }
        let path = root.join(FOLDER).join(file);
        let text = std::fs::read_to_string(path).map_err(|_| wrong(format!("no workflow `{FOLDER}{file}`")))?;
        Ok(Self {
            name: file.to_owned(),
            permissions: permissions(&text),
            callable: text.lines().any(|line| without_comment(line).contains("workflow_call")),
        })
    }
}

/// Everything that a workflow or one of its jobs asks for.
fn permissions(text: &str) -> String {
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut is_asked, mut block) = (false, None);
    for line in text.lines() {
        let (depth, line) = (line.len() - line.trim_start().len(), without_comment(line).trim());
        if line.is_empty() {
            continue;
        }
        if block.is_some_and(|outer| depth > outer) {
            ask(&mut asked, line);
            continue;
        }
        block = None;
        let Some(rest) = line.strip_prefix("permissions:") else { continue };
        is_asked = true;
        match rest.trim() {
            "" => block = Some(depth),
            all @ ("read-all" | "write-all") if asked.get("") != Some(&"write-all") => {
                asked.insert("", all);
            }
            map => map.trim_matches(['{', '}']).split(',').for_each(|pair| ask(&mut asked, pair)),
        }
    }
    match (asked.get(""), is_asked) {
        (Some(all), _) => format!("permissions: {all}"),
        (None, true) if asked.is_empty() => "permissions: {}".to_owned(),
        (None, true) => {
            let lines: Vec<String> = asked.iter().map(|(name, level)| format!("\n  {name}: {level}")).collect();
            format!("permissions:{}", lines.concat())
        }
        (None, false) => "permissions:\n  contents: read".to_owned(),
    }
}

fn ask<'t>(asked: &mut BTreeMap<&'t str, &'t str>, pair: &'t str) {
    let Some((name, level)) = pair.split_once(':') else { return };
    let (name, level) = (name.trim(), level.trim());
    if matches!(level, "read" | "write") && asked.get(name) != Some(&"write") {
        asked.insert(name, level);
    }
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.split_once(" #").map_or(line, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workflow_and_its_jobs_ask_for_is_permitted() {
        for (text, wanted) in [
            ("on: push\njobs: {}\n", "permissions:\n  contents: read"),
            ("permissions: {}\n", "permissions: {}"),
            ("permissions: read-all # all\njobs:\n  a:\n    permissions: write-all\n", "permissions: write-all"),
            (
                "permissions:\n  # what it says\n  contents: read\njobs:\n  a:\n    permissions: { id-token: write }\n  b:\n    \
                 permissions:\n      contents: write # tags\n      packages: none\n    steps: []\n",
                "permissions:\n  contents: write\n  id-token: write",
            ),
        ] {
            assert_eq!(permissions(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_workflow_that_is_not_there_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir_all(folder.path().join(FOLDER)).expect("writable");
        std::fs::write(folder.path().join(FOLDER).join("ship.yml"), "on: [workflow_call]\n").expect("writable");
        for name in ["ship.yml", ".github/workflows/ship.yml", "./.github/workflows/ship.yml"] {
            let called = Called::read(folder.path(), name).expect("it is there");
            assert!(called.name == "ship.yml" && called.callable, "{called:?}");
        }
        for name in ["other.yml", "ship", "../ship.yml", "a b.yml", "", "${{x}}.yml"] {
            assert!(Called::read(folder.path(), name).is_err(), "{name}");
        }
    }
}
