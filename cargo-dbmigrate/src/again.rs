//! Commands that are shown to be typed next: they get the flags that make them mean the same package and database.

use crate::cli::{Cli, Command};
use dbmigrate_core::plan::decide::shell_quoted;

/// How every command that is shown begins.
const COMMAND: &str = "cargo dbmigrate ";

/// The flags of this run that the next one needs as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Again {
    /// For every command: which package, and what of it is read.
    selection: String,
    /// For the commands that open a database.
    url: String,
    /// For the same.
    timeout: String,
}

impl Again {
    /// The flags of a command line.
    pub fn of(cli: &Cli) -> Self {
        let flag = |name: &str, value: &str| format!(" {name} {}", shell_quoted(value));
        let chosen = &cli.selection;
        let mut selection: String = chosen.package.iter().map(|package| flag("-p", package)).collect();
        let manifest = chosen.manifest_path.iter().map(|path| flag("--manifest-path", &path.display().to_string()));
        selection.extend(manifest);
        let features: Vec<&str> = chosen.feature_names().collect();
        if !features.is_empty() {
            selection.push_str(&flag("--features", &features.join(",")));
        }
        for (set, name) in
            [(chosen.all_features, " --all-features"), (chosen.no_default_features, " --no-default-features")]
        {
            if set {
                selection.push_str(name);
            }
        }
        let connect = match &cli.command {
            Command::Migrate(arguments) => Some(&arguments.connect),
            Command::Status(arguments) => Some(&arguments.connect),
            Command::Push(arguments) => Some(&arguments.connect),
            Command::Pull(arguments) => Some(&arguments.connect),
            Command::Diff(arguments) => Some(&arguments.connect),
            Command::Baseline(arguments) => Some(&arguments.connect),
            _ => None,
        };
        // a URL with a secret in it is none that the next command could do anything with
        let shown = connect.and_then(|connect| connect.url.as_ref()).filter(|url| crate::url::redacted(url) == **url);
        let url = shown.map(|url| flag("--url", url)).unwrap_or_default();
        let timeout = connect.and_then(|connect| connect.timeout).map(|seconds| format!(" --timeout {seconds}"));
        Self { selection, url, timeout: timeout.unwrap_or_default() }
    }

    /// The line with the flags behind the name of each command in backticks.
    pub fn completed(&self, line: &str) -> String {
        let start = format!("`{COMMAND}");
        let mut parts = line.split(start.as_str());
        let mut completed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find([' ', '`']).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            completed.push_str(&start);
            completed.push_str(name);
            completed.push_str(&self.selection);
            if matches!(name, "migrate" | "status" | "push" | "pull" | "diff" | "baseline") {
                for (flag, typed) in [(" --url ", &self.url), (" --timeout ", &self.timeout)] {
                    if !rest.starts_with(flag) {
                        completed.push_str(typed);
                    }
                }
            }
            completed.push_str(rest);
        }
        completed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(arguments: &str, line: &str) -> String {
        let cli = crate::cli::parse(arguments.split(' ').map(Into::into)).expect("it is a command");
        Again::of(&cli).completed(line)
    }

    #[test]
    fn commands_mean_the_same_package_and_database_again() {
        let line = "apply: `cargo dbmigrate migrate`, or rename: `cargo dbmigrate generate --rename 'a b=c'`";
        assert_eq!(completed("x migrate", line), line);
        assert_eq!(
            completed("x migrate --url a.db -p one -F b,c --all-features", line),
            "apply: `cargo dbmigrate migrate -p one --features b,c --all-features --url a.db`, or rename: \
             `cargo dbmigrate generate -p one --features b,c --all-features --rename 'a b=c'`"
        );
        assert_eq!(completed("x status --url a.db", "no command: migrate"), "no command: migrate");
        assert_eq!(
            completed("x status --url a.db", "`cargo dbmigrate migrate --url NEW.db`"),
            "`cargo dbmigrate migrate --url NEW.db`"
        );
        assert_eq!(completed("x status --url libsql://u:p@h", "`cargo dbmigrate status`"), "`cargo dbmigrate status`");
    }
}
