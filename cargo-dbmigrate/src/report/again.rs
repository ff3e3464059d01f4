//! Commands that are shown to be typed next: they get the flags that make them mean the same package and database.

/// How every command that is shown begins.
const COMMAND: &str = "cargo dbmigrate ";

/// The flags of this run that the next one needs as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Again {
    /// For every command: which package, and what of it is read.
    pub selection: String,
    /// For the commands that open a database.
    pub url: String,
    /// For the same.
    pub timeout: String,
}

impl Again {
    /// The line with the flags behind the name of each command in backticks.
    pub(crate) fn completed(&self, line: &str) -> String {
        let start = format!("`{COMMAND}");
        let mut parts = line.split(start.as_str());
        let mut completed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find([' ', '`']).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            completed.push_str(&start);
            completed.push_str(name);
            completed.push_str(&self.selection);
            let typed = rest.split('`').next().unwrap_or_default();
            let opens = match name {
                "migrate" | "status" | "push" | "pull" | "diff" | "baseline" | "reset" => true,
                "generate" => typed.contains("--undo") || typed.contains("--amend"),
                _ => false,
            };
            if opens {
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
