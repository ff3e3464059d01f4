//! Commands that do not exist and that people type all the same, because other tools have them: what there is instead.

use crate::error::CommandError;

/// What is there instead: the words, and what is to be said of them, a line each.
struct Pointer {
    words: &'static [&'static str],
    lines: &'static [&'static str],
}

const POINTERS: &[Pointer] = &[
    Pointer {
        words: &["undo", "rollback", "down", "downgrade", "back", "delete", "remove", "rm", "reverse"],
        lines: &[
            "remove the last migration, if no database has it: `cargo dbmigrate generate --undo`",
            "write a migration that takes an applied one back: `cargo dbmigrate revert`",
        ],
    },
    Pointer {
        words: &["redo", "amend", "edit", "squash"],
        lines: &[
            "add the changes to the last migration, if no database has it: `cargo dbmigrate generate --amend`",
            "record a migration that was edited by hand: `cargo dbmigrate generate --custom`",
        ],
    },
    Pointer {
        words: &["drop", "fresh", "refresh", "recreate", "wipe", "clean", "clear"],
        lines: &["recreate a local database with all migrations: `cargo dbmigrate reset`"],
    },
    Pointer {
        words: &[
            "up",
            "run",
            "apply",
            "deploy",
            "latest",
            "upgrade",
            "update",
            "execute",
            "exec",
            "migration",
            "migrations",
        ],
        lines: &["apply the pending migrations: `cargo dbmigrate migrate`"],
    },
    Pointer {
        words: &["dev", "db", "sync", "prototype"],
        lines: &[
            "make a development database match the structs: `cargo dbmigrate push`",
            "or write a migration and apply it: `cargo dbmigrate generate`, then `cargo dbmigrate migrate`",
        ],
    },
    Pointer {
        words: &["new", "create", "add", "make", "gen", "draft"],
        lines: &[
            "write a migration from the changes to the structs: `cargo dbmigrate generate`",
            "or write one by hand: `cargo dbmigrate generate --custom`",
        ],
    },
    Pointer {
        words: &["insert", "populate", "fixtures", "fixture", "load"],
        lines: &[
            "write the rows of a set into a database: `cargo dbmigrate seed`",
            "or write rows that every database needs in a migration by hand: `cargo dbmigrate generate --custom`",
        ],
    },
    Pointer {
        words: &["introspect", "inspect", "import", "schema", "dump", "export", "print"],
        lines: &[
            "write structs from an existing database: `cargo dbmigrate pull`",
            "or show how it differs from the structs: `cargo dbmigrate diff`",
        ],
    },
    Pointer {
        words: &["studio", "browse", "shell", "console"],
        lines: &["to see rows: `turso db shell NAME`, or `sqlite3 dev.db` for a file"],
    },
    Pointer {
        words: &["validate", "verify", "lint", "test", "doctor"],
        lines: &[
            "check that structs and migrations agree, without a database: `cargo dbmigrate check`",
            "or against a database: `cargo dbmigrate status`",
        ],
    },
    Pointer {
        words: &["list", "ls", "info", "history", "log", "show", "state", "current"],
        lines: &["show which migrations are applied and pending: `cargo dbmigrate status`"],
    },
    Pointer {
        words: &["compare", "drift"],
        lines: &["show how structs and a database differ: `cargo dbmigrate diff`"],
    },
    Pointer {
        words: &["plan", "preview", "dry-run", "sql"],
        lines: &["show what would be applied, without changing anything: `cargo dbmigrate migrate --dry-run`"],
    },
    Pointer {
        words: &["resolve", "fake", "mark", "adopt", "stamp", "fix"],
        lines: &[
            "record a migration as applied, without running it: `cargo dbmigrate repair --applied NAME`",
            "take in a database without a history: `cargo dbmigrate baseline`",
            "or check its state first: `cargo dbmigrate status`",
        ],
    },
    Pointer { words: &["setup", "install", "start", "prepare"], lines: &["set up a package: `cargo dbmigrate init`"] },
    Pointer { words: &["version"], lines: &["print the version: `cargo dbmigrate --version`"] },
];

/// What is said of a command that there is not, if it is one of those.
pub(super) fn pointer(word: &str) -> Option<CommandError> {
    let lower = word.to_ascii_lowercase().replace('_', "-");
    // `migrate:rollback`, `db-push`
    let last = lower.rsplit([':', '-']).next().unwrap_or(&lower);
    let named = |word: &str| POINTERS.iter().find(|pointer| pointer.words.contains(&word));
    let is_word = lower.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, ':' | '-'));
    let pointer = named(&lower).or_else(|| named(last)).filter(|_| is_word)?;
    let error = CommandError::usage(format!("no such command: `{word}`"));
    let error = pointer.lines.iter().fold(error, |error, line| error.help(*line));
    Some(error.help("list the commands: `cargo dbmigrate help`"))
}

/// What is said of a word that stands behind a command and is none of its arguments: `migrate down`, `generate add_users`.
pub(super) fn behind(command: &str, word: &str) -> Option<CommandError> {
    let error = || CommandError::usage(format!("unexpected argument `{word}` of `{command}`"));
    let is_name = !word.is_empty()
        && !word.starts_with('-')
        && word.chars().all(|char| char.is_ascii_alphanumeric() || "_-".contains(char));
    match command {
        "generate" if is_name => {
            Some(error().help(format!("to name the migration: `cargo dbmigrate generate --name {word}`")))
        }
        "push" if ["--keep", "--no-keep"].contains(&word) => {
            let error = CommandError::usage("`push` keeps nothing: what it drops is gone");
            let error = error.help("to keep it, write a migration: `cargo dbmigrate generate --keep`");
            Some(error.help("then apply it: `cargo dbmigrate migrate`"))
        }
        "migrate"
            if is_name
                && ["reset", "revert", "status", "push", "diff", "init", "check", "generate"].contains(&word) =>
        {
            Some(error().help(format!("it is its own command: `cargo dbmigrate {word}`")))
        }
        "migrate" if is_name => {
            let lower = word.to_ascii_lowercase();
            let pointer = POINTERS.iter().find(|pointer| pointer.words.contains(&lower.as_str()));
            let named = format!("to stop after a migration: `cargo dbmigrate migrate --to {word}`");
            Some(match pointer {
                Some(pointer) => pointer.lines.iter().fold(error(), |error, line| error.help(*line)),
                None => error().help(named),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_has_two_pointers() {
        let mut words: Vec<&str> = POINTERS.iter().flat_map(|pointer| pointer.words).copied().collect();
        words.sort_unstable();
        let all = words.len();
        words.dedup();
        assert_eq!(words.len(), all);
    }

    #[test]
    fn a_word_behind_a_command_is_pointed_to_what_there_is() {
        let help = |command: &str, word: &str| behind(command, word).map(|error| error.help_lines().join("; "));
        assert!(help("migrate", "down").is_some_and(|help| help.contains("generate --undo")));
        assert!(help("migrate", "dev").is_some_and(|help| help.contains("cargo dbmigrate push")));
        assert!(help("migrate", "reset").is_some_and(|help| help.contains("`cargo dbmigrate reset`")));
        assert!(help("migrate", "0003").is_some_and(|help| help.contains("--to 0003")));
        assert!(help("generate", "add_users").is_some_and(|help| help.contains("--name add_users")));
        assert!(help("generate", "--nmae").is_none() && help("status", "x").is_none());
    }

    #[test]
    fn a_word_of_several_parts_is_known_by_its_last() {
        assert_eq!(pointer("migrate:rollback").map(|error| error.help_lines().len()), Some(3));
        assert!(pointer("Rollback").is_some() && pointer("db_push").is_none() && pointer("frobnicate").is_none());
    }
}
