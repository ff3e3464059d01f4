//! The databases of a pipeline: which secrets each takes, and what the shell does with those that are not set.

use std::fmt::Write as _;

use dbmigrate_core::engine::remote::RemoteUrl;
use dbmigrate_core::shell::shell_quoted;

use crate::project::Context;
use crate::project::picked::known;

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name.
    pub name: String,
    /// The variable with its URL, if no file has that.
    pub url: Option<String>,
    /// The variables with its token, and the key that it is encrypted with.
    pub secrets: Vec<String>,
    /// Whether it is left out if its variables are not set.
    pub is_optional: bool,
}

/// What stands behind the name of a secret with a token that can only read.
const READ_ONLY: &str = "_READ_ONLY";

/// The databases of a project that a pipeline can get at: files are on somebody's disk. Where the members of a fleet come
/// from is nobody's guess.
pub(super) fn of(context: &Context) -> Vec<Target> {
    let known = known(&context.config).into_iter();
    let elsewhere = known.filter(|target| target.fleet.is_none() && target.url.as_deref().is_none_or(is_server));
    let text = |name: Option<&str>| name.map(str::to_owned);
    let target = |target: dbmigrate_core::config::Target| Target {
        url: text(target.url_variable()),
        secrets: text(target.token_variable()).into_iter().chain(text(target.encryption_key_env.as_deref())).collect(),
        is_optional: target.is_optional(),
        name: target.name,
    };
    elsewhere.map(target).collect()
}

fn is_server(url: &str) -> bool {
    RemoteUrl::is_remote(url.trim())
}

impl Target {
    /// The variables that it needs.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.url.iter().chain(&self.secrets).map(String::as_str)
    }

    /// As an argument, behind a space.
    pub(super) fn argument(&self) -> String {
        format!(" -t {}", shell_quoted(&self.name))
    }
}

/// The variables of databases, each once.
fn variables<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<&'t str> {
    let mut all: Vec<&str> = Vec::new();
    for name in targets.into_iter().flat_map(Target::variables) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The secrets of GitHub as `env:`; with `read_only`, the tokens are those that can only read.
pub(super) fn github_env(targets: &[Target], read_only: bool) -> String {
    let is_token = |name: &str| targets.iter().any(|target| target.secrets.first().is_some_and(|token| token == name));
    let mut lines = String::new();
    for name in variables(targets) {
        let end = if read_only && is_token(name) { READ_ONLY } else { "" };
        // writing to a string cannot fail
        let _ = writeln!(lines, "{name}: ${{{{ secrets.{name}{end} }}}}");
    }
    lines
}

/// The shell that names those databases as arguments whose secrets are set.
pub(super) fn readable(targets: &[Target]) -> String {
    let mut lines = unset_blank(&variables(targets));
    for target in targets {
        let set: Vec<String> = target.variables().map(|name| format!("[ -n \"${{{name}:-}}\" ]")).collect();
        let name = shell_quoted(&target.name);
        if set.is_empty() {
            let _ = writeln!(lines, "set -- \"$@\" -t {name}");
        } else {
            let _ = writeln!(lines, "if {}; then set -- \"$@\" -t {name}; fi", set.join(" && "));
        }
    }
    lines
}

/// The shell that unsets what is blank: a secret that is not set is an empty variable.
fn unset_blank(names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(
        "# a secret that is not set is an empty variable\nfor name in {}; do\n  [ -n \"$(printenv \"$name\")\" ] || unset \
         \"$name\"\ndone\n",
        names.join(" ")
    )
}

/// The shell that complains of the secret `$name` if it is not set.
pub(super) const MISSING: &str = "\
if [ -z \"$(printenv \"$name\")\" ]; then
  echo \"::error title=DB Migrate::the secret $name is not set: add it under Settings > Secrets and variables > Actions > Secrets\"
  missing=1
fi
";

/// The shell that complains of every secret that must be set, and is not.
pub(super) fn required(targets: &[Target]) -> String {
    let names = variables(targets.iter().filter(|target| !target.is_optional));
    if names.is_empty() {
        return String::new();
    }
    let body: Vec<String> = MISSING.lines().map(|line| format!("  {line}")).collect();
    format!("for name in {}; do\n{}\ndone\n", names.join(" "), body.join("\n"))
}

/// The branches of a `case` that set the arguments to the names of the secrets of a database.
pub(super) fn cases(targets: &[Target]) -> String {
    let mut lines = String::new();
    for target in targets {
        let names: Vec<&str> = std::iter::once("--").chain(target.variables()).collect();
        let _ = writeln!(lines, "{}) set {} ;;", shell_quoted(&target.name), names.join(" "));
    }
    lines
}
