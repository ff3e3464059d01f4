//! What the verb of a status line means, and the colour that follows from it.

use anstyle::Style;
use clap_cargo::style;

/// What a verb says of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Something was done, or found good.
    Done,
    /// Something is under way.
    Going,
    /// All is as it was, and that is no news.
    Same,
    /// Look at this: something is left to do, differs, or is lost.
    Heed,
}

/// Every verb of a status line.
const VERBS: [(Meaning, &[&str]); 4] = [
    (
        Meaning::Done,
        &[
            "Added",
            "Adopted",
            "Applied",
            "Backed up",
            "Branched",
            "Captured",
            "Checked",
            "Compared",
            "Created",
            "Current",
            "Equal",
            "Expanded",
            "Finished",
            "Fixed",
            "Generated",
            "Linted",
            "Proved",
            "Pulled",
            "Ready",
            "Rebased",
            "Recorded",
            "Rehearsed",
            "Removed",
            "Repaired",
            "Restored",
            "Seeded",
            "Squashed",
            "Replaced",
            "Surveyed",
            "Wave",
            "Aborted",
            "Stopped",
        ],
    ),
    (
        Meaning::Going,
        &[
            "Adding",
            "Changing",
            "Creating",
            "Database",
            "Package",
            "Keeping",
            "Backing up",
            "Copying",
            "Expected",
            "Planning",
            "Rebasing",
            "Renaming",
            "Restoring",
            "Resuming",
            "Retrying",
            "Serving",
            "Target",
            "Waiting",
        ],
    ),
    (
        Meaning::Same,
        &[
            "Empty",
            "Commutes",
            "Copied",
            "Kept",
            "Left alone",
            "Left out",
            "Sharing",
            "Skipped",
            "Summary",
            "Unchanged",
        ],
    ),
    (
        Meaning::Heed,
        &[
            "Assumed",
            "Changed",
            "Converting",
            "Different",
            "Drifted",
            "Dropping",
            "Large",
            "Losing",
            "Needed",
            "Not compared",
            "Not restored",
            "Pending",
            "Same error",
            "Under way",
            "Slowed down",
            "Would drop",
            "Would keep",
            "Would rebase",
            "Would record",
            "Would repair",
            "Would skip",
        ],
    ),
];

/// The colour of a verb. One that has no place in the table has none.
pub(super) fn style(verb: &str) -> Style {
    let meaning = VERBS.iter().find(|(_, verbs)| verbs.contains(&verb)).map(|(meaning, _)| *meaning);
    match meaning {
        Some(Meaning::Done) => style::GOOD,
        Some(Meaning::Going) => style::TRANSIENT,
        Some(Meaning::Heed) => style::WARN,
        Some(Meaning::Same) | None => style::UPDATE_UNCHANGED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::path::Path;

    /// What stands in quotes right behind `before`, in a file and all below a folder.
    fn quoted(before: &str, place: &Path, found: &mut Vec<String>) {
        if place.is_dir() {
            let entries = std::fs::read_dir(place).expect("the folder can be read");
            entries.for_each(|entry| quoted(before, &entry.expect("the entry can be read").path(), found));
            return;
        }
        let text = std::fs::read_to_string(place).expect("the file can be read");
        let rest = text.split(before).skip(1).map(str::trim_start);
        found.extend(rest.filter_map(|rest| rest.strip_prefix('"')?.split('"').next().map(str::to_owned)));
    }

    #[test]
    fn every_verb_has_a_meaning() {
        let mut verbs = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        // not to find itself
        quoted(&[".status", "("].concat(), &source, &mut verbs);
        assert!(verbs.len() > 20, "{verbs:?}");
        let known: Vec<&str> = VERBS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        verbs.retain(|verb| !known.contains(&verb.as_str()));
        assert!(verbs.is_empty(), "no meaning: {verbs:?}");
    }

    #[test]
    fn success_is_green_and_what_is_left_to_do_is_not() {
        assert_eq!(style("Applied"), style::GOOD);
        for verb in ["Pending", "Different", "Drifted", "Changed", "Dropping"] {
            assert_eq!(style(verb), style::WARN, "{verb}");
        }
        assert_eq!(style("Unchanged"), Style::new().bold());
    }
}
