//! The files of pipelines that `ci` writes, and whether they know of deployments.

use std::path::Path;

/// What `ci github` writes to migrate.
pub(crate) const GITHUB: &str = ".github/workflows/dbmigrate.yml";
/// What `ci gitlab` writes.
pub(crate) const GITLAB: &str = ".gitlab/dbmigrate.yml";

/// What to type for pipelines of this repository that apply both halves of a phased change at once.
pub(crate) fn unaware_of_phases(root: &Path) -> Vec<String> {
    let is_unaware = |file: &str| {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        text.contains("cargo-dbmigrate migrate") && !text.contains(" --phase ")
    };
    [(GITHUB, "github"), (GITLAB, "gitlab")]
        .into_iter()
        .filter(|(file, _)| is_unaware(file))
        .map(|(file, name)| format!("{file} applies both at once: `cargo dbmigrate ci {name}` changes that"))
        .collect()
}
